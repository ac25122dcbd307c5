/** What came of an attempt to make an executable: its path, or why there is none (the end of a sentence). */
export type Produced = { path: string } | { problem: string };
