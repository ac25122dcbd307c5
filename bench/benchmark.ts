/** One comparison: what Holdfast does, against what it has to hold its own with, and how far. */
export interface Row {
  name: string;
  /** What is done. */
  work: string;
  /** What it is compared with. */
  against: string;
  ours: Series;
  theirs: Series;
  /** What the ratio is called, how it comes about, and what it must be. */
  bar: Bar;
  /** Further conditions, each met or not. */
  conditions?: { text: string; met: boolean }[];
  notes?: string[];
}

export interface Series {
  label: string;
  unit: string;
  values: number[];
}

export type Bar =
  /** Theirs divided by ours. */
  | { kind: 'times as fast, at least'; factor: number }
  /** Ours divided by theirs. */
  | { kind: 'times as much, at most'; factor: number }
  /** Ours minus theirs. */
  | { kind: 'apart, at most'; difference: number };

export interface Benchmark {
  /** The rows that it measures in one go, since they share what is costly to prepare. */
  rows: string[];
  /** Measures the rows asked for. @param say told what is going on, a line at a time */
  run(context: BenchmarkContext): Promise<Row[]>;
}

export interface BenchmarkContext {
  /** Where the compiled product lies. */
  build: string;
  wanted: Set<string>;
  /** Default of the benchmark when undefined. */
  rounds: number | undefined;
  say: (line: string) => void;
}
