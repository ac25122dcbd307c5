/** One thing that the doctor looked at. `note`: good to know; only a `problem` makes the doctor exit with 8. */
export interface Check {
  area:
    | 'config'
    | 'temporal'
    | 'schedules'
    | 'store'
    | 'target'
    | 'clock'
    | 'files'
    | 'copies'
    | 'leftovers';
  /** Name of the target or store, path of the file. */
  subject: string;
  level: 'ok' | 'note' | 'problem';
  message: string;
  hint?: string;
}
