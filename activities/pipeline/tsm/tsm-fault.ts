/** A file that is no TSM file, or not a whole one. The message ends a sentence that begins with its name. */
export class TsmFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TsmFault';
  }
}
