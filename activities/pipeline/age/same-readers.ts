/** Whether two things are for the same recipients, by their fingerprints; undefined is for everybody. */
export function sameReaders(one: string[] | undefined, other: string[] | undefined): boolean {
  return one?.toSorted().join() === other?.toSorted().join();
}
