import { humanBytes, humanDuration } from './figures.ts';
import { cut } from './table.ts';

export interface BarState {
  phase: string;
  bytes: number;
  totalBytes: number | undefined;
  artifacts: { done: number; total: number };
  bytesPerSecond: number;
  startedAt: Date;
  remark: string | undefined;
}

const FULL = '█';
const EMPTY = '░';
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** Two lines: the bar with bytes, rate and time left; below it artifacts, time passed and what is the matter. */
export function renderBar(state: BarState, width: number, now = Date.now()): string[] {
  const { bytes, totalBytes, bytesPerSecond, artifacts } = state;
  const share =
    totalBytes === undefined
      ? artifacts.total > 0
        ? artifacts.done / artifacts.total
        : undefined
      : Math.min(1, bytes / totalBytes);
  const left =
    totalBytes !== undefined && bytesPerSecond > 0 && bytes < totalBytes
      ? `${humanDuration(((totalBytes - bytes) * 1000) / bytesPerSecond)} left`
      : '';
  const figures = [
    share === undefined ? '' : `${Math.floor(share * 100)} %`,
    bytes > 0 ? humanBytes(bytes) + (totalBytes ? ` of ${humanBytes(totalBytes)}` : '') : '',
    bytesPerSecond > 0 ? `${humanBytes(bytesPerSecond)}/s` : '',
    left,
  ].filter(Boolean);
  const tail = figures.join('  ');
  const spinner = SPINNER[Math.floor(now / 100) % SPINNER.length] ?? '';
  const head = `${spinner} ${state.phase}`;
  const room = width - head.length - tail.length - 5;
  const bar = share !== undefined && room >= 8 ? ` ${drawn(share, Math.min(30, room))} ` : ' ';
  const below = [
    artifacts.total > 0 ? `${artifacts.done} of ${artifacts.total} artifacts` : '',
    `${humanDuration(now - state.startedAt.getTime())} so far`,
    state.remark ?? '',
  ].filter(Boolean);
  return [cut(`${head} ${bar} ${tail}`.trimEnd(), width), cut(`  ${below.join(' · ')}`, width)];
}

function drawn(share: number, cells: number): string {
  const full = Math.floor(share * cells);
  return FULL.repeat(full) + EMPTY.repeat(cells - full);
}
