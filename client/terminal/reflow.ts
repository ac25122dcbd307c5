/** Prose in lines of at most `width` characters. A line that is indented is meant to be copied, and stays as it is. */
export function reflow(text: string, width: number): string {
  const lines: string[] = [];
  let filling = false;
  for (const given of text.split('\n')) {
    if (/^\s|^$/.test(given)) {
      lines.push(given);
      filling = false;
      continue;
    }
    for (const word of given.split(' ')) {
      const last = lines.at(-1) ?? '';
      if (filling && last.length + 1 + word.length <= width) lines.push(`${lines.pop()} ${word}`);
      else lines.push(word);
      filling = true;
    }
  }
  return lines.join('\n');
}
