import { humanBytes, humanDuration, knownTotal } from './figures.ts';
import { cut } from './table.ts';

export interface BarState {
  phase: string;
  bytes: number;
  totalBytes: number | undefined;
  artifacts: number;
  totalArtifacts: number;
  bytesPerSecond: number;
  startedAt: Date;
  remark: string | undefined;
}

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const LEAST_CELLS = 8;
const MOST_CELLS = 30;

/** Two lines: the bar with the bytes; below it rate, time left, artifacts, time passed and what is the matter. */
export function renderBar(state: BarState, width: number, now = Date.now()): string[] {
  const { bytes, bytesPerSecond, artifacts, totalArtifacts } = state;
  const totalBytes = knownTotal({ done: bytes, total: state.totalBytes });
  const share = shareOf(state);
  const head = `${SPINNER[Math.floor(now / 100) % SPINNER.length] ?? ''} ${state.phase}`;
  const tail = [
    share === undefined ? '' : `${Math.floor(share * 100)} %`,
    bytes > 0 ? humanBytes(bytes) + (totalBytes ? ` of ${humanBytes(totalBytes)}` : '') : '',
  ]
    .filter(Boolean)
    .join('  ');
  const room = Math.min(MOST_CELLS, width - head.length - tail.length - 4);
  const bar = share !== undefined && room >= LEAST_CELLS ? [drawn(share, room)] : [];
  const leftMs =
    totalBytes === undefined || bytesPerSecond <= 0
      ? 0
      : ((totalBytes - bytes) * 1000) / bytesPerSecond;
  const below = [
    bytesPerSecond > 0 ? `${humanBytes(bytesPerSecond)}/s` : '',
    leftMs >= 1_000 ? `${humanDuration(leftMs)} left` : '',
    totalArtifacts > 0 ? `${artifacts} of ${totalArtifacts} artifacts` : '',
    `${humanDuration(now - state.startedAt.getTime())} so far`,
    state.remark ?? '',
  ];
  return [
    cut([head, ...bar, tail].filter(Boolean).join('  '), width),
    cut(`  ${below.filter(Boolean).join(' · ')}`, width),
  ];
}

function shareOf({ bytes, totalBytes, artifacts, totalArtifacts }: BarState): number | undefined {
  if (totalBytes !== undefined) return Math.min(1, bytes / totalBytes);
  return totalArtifacts > 0 ? Math.min(1, artifacts / totalArtifacts) : undefined;
}

function drawn(share: number, cells: number): string {
  const full = Math.floor(share * cells);
  return '█'.repeat(full) + '░'.repeat(cells - full);
}
