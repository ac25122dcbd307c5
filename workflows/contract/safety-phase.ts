/** What the phases of a restore begin with while it backs its destination up. */
export const SAFETY_BACKUP = 'safety backup';

/** Before that, an attempt that failed is a passing trouble. */
const KEEPS_FAILING = 4;

/** Whoever sees only that something cannot be read takes it for the restore, and waits for hours. */
export function adviceOn(phase: string, attempt: number): string | undefined {
  if (!phase.startsWith(SAFETY_BACKUP) || attempt < KEEPS_FAILING) return undefined;
  return (
    'This is the backup of the destination that is taken before anything is replaced. Where the destination can no longer ' +
    'be read, cancel this run, and restore with --no-safety-backup (`safetyBackup: false`).'
  );
}
