import { FormatFault } from '../../pipeline/formats/format-fault.ts';

/** What is downloaded is not what was begun: another backup has taken the place of the one that was requested. */
export class AlteredFault extends FormatFault {
  constructor(message: string) {
    super('garbled', message);
  }
}
