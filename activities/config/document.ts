import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from 'yaml';
import type { Path, Problem } from './problem.ts';

/** A parsed file that knows on which line every path stands. */
export interface SourceDocument {
  value: unknown;
  /** Where the key stands, or the nearest thing around it that is there. */
  positionOf(path: Path): { line: number; column: number };
  /** What YAML itself objects to. When `value` is undefined, nothing else is known. */
  problems: Problem[];
}

export function readDocument(text: string): SourceDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const problems = document.errors.map((error) => ({
    path: [],
    position: columnar(lines.linePos(error.pos[0])),
    text:
      error.code === 'DUPLICATE_KEY'
        ? `the key "${keyAt(error.pos[0])}" stands here a second time; only one of them can count`
        : `not YAML: ${error.message.replace(/\.?$/, '')}`,
  }));
  const readable = document.errors.every(({ code }) => code === 'DUPLICATE_KEY');
  return {
    value: readable ? toValue() : undefined,
    problems,
    positionOf(path) {
      let node = document.contents as Node | null;
      let offset = node?.range?.[0] ?? 0;
      for (const segment of path) {
        if (isAlias(node)) node = node.resolve(document) ?? null;
        if (isMap(node)) {
          const pair = node.items.find(
            ({ key }) => (isScalar(key) ? String(key.value) : String(key)) === String(segment),
          );
          if (!pair) break;
          offset = (pair.key as Node).range?.[0] ?? offset;
          node = pair.value as Node | null;
        } else if (isSeq(node)) {
          const item = node.items[Number(segment)] as Node | undefined;
          if (!item) break;
          offset = item.range?.[0] ?? offset;
          node = item;
        } else break;
      }
      return columnar(lines.linePos(offset));
    },
  };

  function keyAt(offset: number): string {
    return /^["']?([^\s:"',{}]*)/.exec(text.slice(offset))?.[1] ?? '';
  }

  function toValue(): unknown {
    try {
      return document.toJS() as unknown;
    } catch (error) {
      problems.push({
        path: [],
        position: { line: 1, column: 1 },
        text: `not YAML: ${error instanceof Error ? error.message : String(error)}`,
      });
      return undefined;
    }
  }
}

function columnar({ line, col }: { line: number; col: number }) {
  return { line: line || 1, column: col };
}
