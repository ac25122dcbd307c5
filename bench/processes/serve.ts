import { readFileSync } from 'node:fs';

/** What a measured process tells of itself. */
export interface Usage {
  /** User and system time of the whole process so far, all threads. */
  cpuSeconds: number;
  /** The most memory that was resident at a time so far. */
  peakBytes: number;
}

/** Answers the questions of the process that measures: `usage`, and whatever `work` can do. */
export function serve(work: Record<string, (input: never) => Promise<unknown>>): void {
  const reply = async (ask: string, input: never) => {
    try {
      process.send?.({ answer: ask === 'usage' ? usage() : await work[ask]?.(input) });
    } catch (error) {
      process.send?.({ error: error instanceof Error ? error.stack : String(error) });
    }
  };
  process.on('message', ({ ask, input }: { ask: string; input: never }) => void reply(ask, input));
  process.once('disconnect', () => process.exit(0));
  process.send?.({ answer: 'ready' });
}

function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, peakBytes: peakBytes() };
}

/** The kernel's own mark of this program; what `getrusage` says begins with the size of the parent. */
function peakBytes(): number {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (kibibytes !== undefined) return Number(kibibytes) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}
