/** Of a value in the file: keys and indices from the top. */
export type Path = readonly PropertyKey[];

/** What is wrong with the file, in one place of it. */
export interface Problem {
  path: Path;
  /** When it is known already; else that of the path. */
  position?: { line: number; column: number };
  /** `expected …, found …`, without the full stop. */
  text: string;
}
