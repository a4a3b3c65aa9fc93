import { Failure } from '../contracts/failures.ts';

/**
 * Splits a command line into words as restic does: at white space, but for what stands in quotes; a backslash
 * takes the next character as it is, outside of single quotes. Nothing is expanded.
 * @throws {Failure} InvalidInput for a quote that is not closed
 */
export function splitWords(text: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '\\' && quote !== "'" && at + 1 < text.length) {
      at += 1;
      word = (word ?? '') + text.charAt(at);
    } else if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else if (quote === '' && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + character;
  }
  if (quote !== '') throw new Failure('InvalidInput', 'A quote in the command is not closed');
  return word === undefined ? words : [...words, word];
}
