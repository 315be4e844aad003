/** What an installation and a join must not lose in a power cut; that it is on the disk, no test can show. */
import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { writeWhole } from '../../src/cli/whole-file.ts';
import { temporaryFolder } from '../config/config-file.ts';

it.each([0o600, 0o644])(
  'a whole file has its mode, 0%o here, whatever the umask and the file before it',
  (mode) => {
    const umask = process.umask(0o077);
    onTestFinished(() => void process.umask(umask));
    const path = join(temporaryFolder(), 'KIND');
    writeFileSync(path, 'longer than what comes', { mode: 0o666 });
    writeWhole(path, 'agent\n', mode);
    expect(readFileSync(path, 'utf8')).toBe('agent\n');
    expect(statSync(path).mode & 0o7777).toBe(mode);
  },
);

it('a whole file takes the place of what a writer that was cut off left, and leaves nothing beside it', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'redis_ca_file.pem');
  writeFileSync(`${path}.unfinished`, 'half of anoth', { mode: 0o444 });
  writeWhole(path, Buffer.from('PEM'), 0o600);
  expect(readFileSync(path, 'utf8')).toBe('PEM');
  expect(readdirSync(folder)).toEqual(['redis_ca_file.pem']);
});

it('a whole file follows no link that lies where it is written, or has its name', () => {
  const folder = temporaryFolder();
  const [path, theirs] = [join(folder, 'KIND'), join(folder, 'theirs')];
  writeFileSync(theirs, 'theirs', { mode: 0o600 });
  for (const link of [path, `${path}.unfinished`]) symlinkSync(theirs, link);
  writeWhole(path, 'agent\n', 0o644);
  expect([readFileSync(path, 'utf8'), readFileSync(theirs, 'utf8')]).toEqual(['agent\n', 'theirs']);
  expect(statSync(theirs).mode & 0o777).toBe(0o600);
});
