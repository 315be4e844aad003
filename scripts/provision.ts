/**
 * Programs that tests, bench and faults need and npm does not have: brought through apt where that is possible,
 * and otherwise named with the command that brings them. Nothing is skipped for want of one.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findFaketime } from '../test/backends/faketime.ts';
import { findProgram } from '../test/backends/foreign-server.ts';
import { findPython } from '../test/backends/python.ts';
import { findChromium } from '../test/browser/chromium.ts';

interface Need {
  readonly name: string;
  readonly isHere: () => boolean;
  readonly apt: string;
  readonly brew: string;
}

const program = (name: string, apt: string, brew: string): Need => ({
  name,
  isHere: () => findProgram(name) !== undefined,
  apt,
  brew,
});

const NEEDS = {
  redis: program('redis-server', 'redis-server', 'redis'),
  haproxy: program('haproxy', 'haproxy', 'haproxy'),
  faketime: {
    name: 'libfaketime',
    isHere: () => findFaketime() !== undefined,
    apt: 'libfaketime',
    brew: 'libfaketime',
  },
  chromium: {
    name: 'Chromium',
    isHere: () => findChromium() !== undefined,
    apt: 'chromium',
    brew: '--cask chromium',
  },
  python: {
    name: 'Python 3 with the package cryptography',
    isHere: () => findPython() !== undefined,
    apt: 'python3-cryptography',
    brew: 'python cryptography',
  },
  bsdtar: program('bsdtar', 'libarchive-tools', 'libarchive'),
  sevenZip: program('7zz', '7zip', 'sevenzip'),
  cpio: program('cpio', 'cpio', 'cpio'),
  xmllint: program('xmllint', 'libxml2-utils', 'libxml2'),
  plistutil: program('plistutil', 'libplist-utils', 'libplist'),
  openssl: program('openssl', 'openssl', 'openssl'),
} as const satisfies Record<string, Need>;

/** What reads packages for macOS and is not ours. */
export const PACKAGE_READERS = ['bsdtar', 'sevenZip', 'cpio', 'xmllint', 'plistutil', 'openssl'] as const;

/** Ends the process with the mend when one of them cannot be had. */
export function provide(names: readonly (keyof typeof NEEDS)[]): void {
  const missing = () => names.map((name) => NEEDS[name]).filter((need) => !need.isHere());
  if (missing().length > 0 && existsSync('/usr/bin/apt-get')) installWithApt(missing());
  for (const { name, apt, brew } of missing()) {
    say(`error: ${name} is needed, and was not found`);
    say(`hint: install it: apt-get install ${apt}, or brew install ${brew}`);
    process.exitCode = 1;
  }
  if (missing().length > 0) process.exit();
}

function installWithApt(needs: readonly Need[]): void {
  say(`Installing ${needs.map(({ name }) => name).join(', ')} (apt-get)`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  for (const step of [
    ['update', '-qq'],
    ['install', '-y', '-qq', ...needs.map(({ apt }) => apt)],
  ]) {
    const [command = '', ...args] = [...sudo, 'apt-get', ...step];
    spawnSync(command, args, { stdio: ['ignore', 2, 2], env });
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
