import type { ObjectLine } from '../catalog/manifest.ts';

/** The lines of one artifact by their part, and whether they are all there and of one artifact. */
export function orderParts(lines: ObjectLine[]): { lines: ObjectLine[]; complete: boolean } {
  const ordered = lines.toSorted((a, b) => (a.part?.index ?? 0) - (b.part?.index ?? 0));
  const first = ordered[0];
  const complete =
    first !== undefined &&
    ordered.length === (first.part?.count ?? 1) &&
    ordered.every(
      (line, index) =>
        (line.part?.index ?? 0) === index &&
        line.part?.of === first.part?.of &&
        line.part?.count === first.part?.count &&
        line.codec === first.codec,
    );
  return { lines: ordered, complete };
}
