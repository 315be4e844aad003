/** The package as somebody else imports it: built by its own script, found by its own exports. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { makeFolder } from '../fakes/folder.ts';

const ROOT = resolve(import.meta.dirname, '../..');

const CALLER = `
import { ClusterSecurity } from 'atlas-fleet';
const security = new ClusterSecurity(ClusterSecurity.generateClusterSecret());
const signed = security.signNodeData({ node_id: 'server-01', host: '10.0.1.100', port: 8768 });
const good = security.verifyNodeData(signed);
signed.host = '10.0.0.666';
const { code, error } = security.verifyNodeData(signed);
console.log(JSON.stringify({ good, error, code, status: security.getSecurityStatus().authentication }));
`;

it('exports the object API to plain JavaScript, with its types', async () => {
  const folder = await makeFolder();
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  execFileSync(tsc, ['-p', join(ROOT, 'tsconfig.library.json'), '--outDir', join(folder, 'dist/lib')]);
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));

  const args = ['--input-type=module', '--eval', CALLER];
  const said = execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  expect(JSON.parse(said)).toEqual({
    good: { valid: true, error: null, code: null },
    error: 'Invalid signature - data tampered!',
    code: 'invalid_signature',
    status: 'HMAC-SHA256',
  });
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  expect(existsSync(join(folder, exports['.'].types))).toBe(true);
});
