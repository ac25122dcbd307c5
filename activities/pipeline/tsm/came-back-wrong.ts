/** What came back cannot be compared. The message is the reason why a proof says `different`. */
export class CameBackWrong extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CameBackWrong';
  }
}
