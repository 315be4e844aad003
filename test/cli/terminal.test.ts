import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jsonText, readSecretFromFile } from '../../src/cli/terminal.ts';
import { temporaryFolder, writeFile } from '../config/config-file.ts';

describe('a secret from a file', () => {
  it('is its text without the newline that ends it', () => {
    const path = writeFile(join(temporaryFolder(), 'password'), ' two words \r\n');
    expect(readSecretFromFile(path).revealText()).toBe(' two words ');
  });

  it.each([
    ['open to others', 'secret\n', 0o644, 'its mode is 0644; expected 0600, open to its owner only'],
    ['too long', 'x'.repeat(5000), 0o600, 'it is larger than 4096 bytes, the largest size that is read'],
  ])('is refused when the file is %s', (_, text, mode, sentence) => {
    const path = writeFile(join(temporaryFolder(), 'password'), text, mode);
    expect(() => readSecretFromFile(path)).toThrow(
      expect.objectContaining({ code: 'usage', message: `${path}: ${sentence}` }),
    );
  });

  it('is refused when the file is empty', () => {
    const path = writeFile(join(temporaryFolder(), 'password'), '\n');
    expect(() => readSecretFromFile(path)).toThrow(
      expect.objectContaining({ code: 'usage', message: `${path} holds no secret` }),
    );
  });
});

describe('JSON', () => {
  it('holds nothing that a terminal acts upon, and is the same value', () => {
    const hostile = { '\u009b2J': 'a\u001b[31m\u007f\u202egnp\u2028\ufeff\u{e0001}ä🖥' };
    const text = jsonText(hostile);
    expect(text).toMatch(/^[ -~\nä🖥]*$/u);
    expect(JSON.parse(text)).toEqual(hostile);
  });
});
