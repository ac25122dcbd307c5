/** What a history takes of a text that others wrote. */
const MOST = 1_000;

/**
 * A text of others that passes through Temporal, which keeps every one: cut between two words, and marked as cut.
 * @param most characters that are kept
 */
export function shortened(text: string, most = MOST): string {
  if (text.length <= most) return text;
  const cut = text.slice(0, most);
  const end = cut.lastIndexOf(' ');
  // A text without spaces is cut where it must be, but never in the middle of a character.
  const kept = end > most / 2 ? cut.slice(0, end) : cut.replace(/[\uD800-\uDBFF]$/, '');
  return `${kept}… (${text.length - kept.length} more characters)`;
}
