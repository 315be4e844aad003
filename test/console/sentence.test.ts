import { expect, it } from 'vitest';
import { asSentence } from '../../console/sentence.ts';

it.each([
  ['the ticket has admitted new-01', 'The ticket has admitted new-01.'],
  ['The password is wrong.', 'The password is wrong.'],
  ['server-01 is no member', 'server-01 is no member.'],
  ['atlas-fleet cluster ticket list', 'atlas-fleet cluster ticket list.'],
  ['is it yours?', 'Is it yours?'],
])('%s', (text, sentence) => expect(asSentence(text)).toBe(sentence));
