/** `package inspect|verify|sign`, as they are run: on a file alone, without a server, a configuration or a Mac. */
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../installer/foreign.ts';
import { build, file, serverPlan } from '../installer/plans.ts';
import { INSTALLER, SigningAuthority } from '../installer/signing-authority.ts';
import { atlasFleet } from './atlas-fleet.ts';

const CONFIG = `# fleet:package
server:
  port: 8769
  api_key: bm90LXNob3duLW5vdC1zaG93bi1ub3Qtc2hvd24tbm8=
cluster:
  redis_host: redis.example
  redis_password: hush-hush
agent:
  servers: ["https://one.example:8768", "https://two.example:8768"]
  interval: 30
`;
const SECRET_VALUE = 'c2VjcmV0LXRoYXQtbm9ib2R5LXNlZXM=';
const CONTENTS = {
  kind: 'cluster-node',
  version: '0.1.0',
  credentials: 'embedded',
  contents: [
    { name: 'cluster_secret', why: 'Signs records.', secret: true, fingerprint: '0a1b2c3d' },
    { name: 'redis_password', why: 'Opens Redis.', secret: true, fingerprint: null },
    { name: 'port', why: 'Where it listens.', secret: false, fingerprint: null },
  ],
};

let authority: SigningAuthority;
let plain: string;
const here = (name: string) => authority.path(name);
const inspect = (...args: string[]) => atlasFleet(['package', 'inspect', ...args]);
const verify = (...args: string[]) => atlasFleet(['package', 'verify', ...args]);
const sign = (...args: string[]) => atlasFleet(['package', 'sign', plain, ...args]);
const PEM = () => ['--sign-key', here('leaf.key'), '--sign-chain', here('chain.pem')];

beforeAll(async () => {
  authority = new SigningAuthority();
  const { payload, ...plan } = await serverPlan();
  const own = [
    file('Library/FleetServer/contents.json', JSON.stringify(CONTENTS)),
    file('Library/FleetServer/package-files/a.pem', SECRET_VALUE, 0o600),
    file('Library/FleetServer/config.yaml', CONFIG, 0o600),
  ];
  const others = payload.filter(({ path }) => path !== 'Library/FleetServer/config.yaml');
  plain = await build(authority.folder, { ...plan, payload: [...others, ...own] }, 'plain.pkg');
});
afterAll(() => authority.remove());

describe('package inspect', () => {
  it('says what the package is and what it carries by name, and no value', async () => {
    const { code, stdout, stderr } = await inspect(plain, '--list');
    expect(code).toBe(0);
    const sha256 = createHash('sha256').update(readFileSync(plain)).digest('hex');
    for (const fact of [
      sha256,
      'com.fleet.server',
      '0.1.0',
      'cluster-node, credentials: embedded',
      '13.5 or newer',
    ]) {
      expect(stdout).toContain(fact);
    }
    expect(stdout).toMatch(/^Signed +no$/m);
    expect(stdout).toMatch(/^Scripts +preinstall, postinstall$/m);
    expect(stdout).toMatch(/^cluster_secret +yes +0a1b2c3d +Signs records\.$/m);
    expect(stdout).toMatch(/^redis_password +yes +- +Opens Redis\.$/m);
    expect(stdout).toMatch(/^0600 +0:0 +\d+ +Library\/FleetServer\/config\.yaml$/m);
    expect(stdout).toMatch(/^0755 +0:0 +8 +Library\/FleetServer\/current -> bin\/node$/m);
    expect(stdout + stderr).not.toContain(SECRET_VALUE);
  });

  it('shows what the configuration says openly: whom it reports to, where it listens', async () => {
    const { stdout } = await inspect(plain);
    expect(stdout.slice(stdout.indexOf('SETTING')).trim().split(/ *\n/)).toEqual([
      'SETTING             VALUE',
      'server.port         8769',
      'cluster.redis_host  redis.example',
      'agent.servers       https://one.example:8768, https://two.example:8768',
      'agent.interval      30s',
    ]);
    expect(JSON.parse((await inspect(plain, '--json')).stdout).settings).toEqual({
      'server.port': '8769',
      'cluster.redis_host': 'redis.example',
      'agent.servers': 'https://one.example:8768, https://two.example:8768',
      'agent.interval': '30s',
    });
  });

  it('prints the same as JSON, the files only when they are asked for', async () => {
    const short = JSON.parse((await inspect(plain, '--json')).stdout);
    expect(short).toMatchObject({
      size_bytes: statSync(plain).size,
      architectures: ['arm64', 'x86_64'],
      min_macos: '13.5',
      signed_by: null,
      kind: 'cluster-node',
      credentials: 'embedded',
      contents: CONTENTS.contents,
      components: [{ identifier: 'com.fleet.server', scripts: ['preinstall', 'postinstall'] }],
    });
    expect(short.components[0]).not.toHaveProperty('files');
    const long = JSON.parse((await inspect(plain, '--json', '--list')).stdout);
    expect(long.components[0].files).toContainEqual({
      path: 'Library/FleetServer/config.yaml',
      type: 'file',
      mode: '0600',
      uid: 0,
      gid: 0,
      size_bytes: CONFIG.length,
      target: null,
    });
  });

  it('reads a component that bsdtar packed, and verify says what is odd about it', async () => {
    run('bsdtar', ['-xf', plain], { folder: authority.folder });
    const members = ['Bom', 'Payload', 'Scripts', 'PackageInfo'];
    run('bsdtar', ['--format', 'xar', '-cf', '../foreign.pkg', ...members], {
      folder: here('fleet-server.pkg'),
    });
    const { code, stdout } = await inspect(here('foreign.pkg'));
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Identifier +com\.fleet\.server$/m),
    });
    const verified = await verify(here('foreign.pkg'));
    expect(verified.stdout).toMatch(/^PASS {2}Bom: It lists the 23 paths/m);
    expect(verified.stdout.match(/^FAIL.*$/gm)).toEqual([expect.stringMatching(/stand behind the end/)]);
  });

  it.each([
    [
      'a file that is not there',
      '/nowhere.pkg',
      /error: \/nowhere\.pkg: there is no such file\nhint: Check the path/,
      6,
    ],
    ['a folder', '/', /error: \/: it is not a file/, 1],
    [
      'something else',
      import.meta.filename,
      /error: The file is no package: .*\nhint: Name a flat package/,
      1,
    ],
  ])('refuses %s in two lines', async (_, path, words, exit) => {
    const { code, stderr } = await inspect(path);
    expect({ code, stderr }).toMatchObject({ code: exit, stderr: expect.stringMatching(words) });
  });
});

describe('package verify', () => {
  it('has a line for each thing that it checked', async () => {
    const sha256 = createHash('sha256').update(readFileSync(plain)).digest('hex');
    const { code, stdout, stderr } = await verify(plain, '--sha256', sha256.toUpperCase());
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trim().split('\n');
    for (const line of lines.slice(0, -1)) expect(line).toMatch(/^(PASS|NOTE) {2}\S+: .*\.$/);
    expect(lines.at(-1)).toBe('Whole, not signed.');
    expect(stdout).toMatch(/^PASS {2}File: /m);
    expect(stdout).toMatch(/^NOTE {2}Signature: It is not signed/m);
  });

  it('fails with what does not agree, and what to do', async () => {
    const bytes = readFileSync(plain);
    const last = bytes.length - 1;
    bytes[last] = (bytes[last] ?? 0) ^ 1;
    writeFileSync(here('flipped.pkg'), bytes);
    const { code, stdout, stderr } = await verify(here('flipped.pkg'));
    expect(code).toBe(1);
    expect(stdout).toMatch(/^FAIL {2}Manifests: Distribution/m);
    expect(stderr).toMatch(/^error: .*flipped\.pkg failed one check\nhint: Do not install it/);
  });

  it('wants 64 hex digits, and a file of authorities that is one', async () => {
    expect(await verify(plain, '--sha256', 'abc')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/64 hex digits/),
    });
    expect(await verify(plain, '--ca-file', here('leaf.key'))).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/no certificate/),
    });
  });
});

describe('package sign', () => {
  it('writes a signed copy that only its owner reads, warns of what a Mac will say, and leaves the package', async () => {
    const before = readFileSync(plain);
    const out = here('signed.pkg');
    const { code, stderr } = await sign('--out', out, ...PEM());
    expect(code).toBe(0);
    expect(stderr).toMatch(/^warning: .*does not lead to Apple.*would install it unsigned\.\nhint: /m);
    expect(stderr).toContain(`SHA-256: ${createHash('sha256').update(readFileSync(out)).digest('hex')}`);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect(existsSync(`${out}.part`)).toBe(false);
    expect(readFileSync(plain)).toEqual(before);
    const verified = await verify(out, '--ca-file', here('root.pem'));
    expect(verified).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`Signed by ${INSTALLER} (RSA and CMS), vouched for`),
    });
    expect(verified.stdout.trimEnd().split('\n').at(-1)).toBe(`Verified: whole, signed by ${INSTALLER}.`);
    expect((await verify(out)).stdout).toMatch(/^Whole, signed by .*; nobody was asked to vouch/m);
    expect((await inspect(out)).stdout).toMatch(/^Signed +by Developer ID Installer: Example/m);
  });

  it('takes an identity as a keychain or openssl exports it, and the package is the same', async () => {
    const certificates = ['-in', 'leaf.pem', '-certfile', 'issuers.pem'];
    writeFileSync(here('issuers.pem'), authority.pem('root') + authority.pem('intermediate'));
    writeFileSync(here('password'), 'hush hush\n', { mode: 0o600 });
    expect(await sign('--out', here('by-pem.pkg'), ...PEM())).toMatchObject({ code: 0 });
    for (const form of [[], ['-legacy']]) {
      const name = `identity${form}`;
      const passing = ['-inkey', 'leaf.key', '-passout', 'pass:hush hush', '-out', `${name}.p12`];
      run('openssl', ['pkcs12', '-export', ...form, ...certificates, ...passing], {
        folder: authority.folder,
      });
      const out = here(`${name}.pkg`);
      const identity = ['--sign-p12', here(`${name}.p12`), '--sign-password-file', here('password')];
      expect(await sign('--out', out, ...identity)).toMatchObject({ code: 0 });
      expect(readFileSync(out)).toEqual(readFileSync(here('by-pem.pkg')));
    }
  });

  it('refuses in two lines, and writes nothing', async () => {
    writeFileSync(here('wrong'), 'wrong\n', { mode: 0o600 });
    copyFileSync(here('leaf.key'), here('open.key'));
    chmodSync(here('open.key'), 0o644);
    run(
      'openssl',
      [
        'pkcs12',
        '-export',
        '-in',
        'leaf.pem',
        '-inkey',
        'leaf.key',
        '-passout',
        'pass:right',
        '-out',
        'right.p12',
      ],
      { folder: authority.folder },
    );
    const out = (which: number) => here(`never-${which}.pkg`);
    const refused: [string[], number, RegExp][] = [
      [[], 2, /not clear who signs\nhint: Give --sign-p12/],
      [['--sign-key', here('leaf.key')], 2, /not clear who signs/],
      [['--sign-p12', here('right.p12'), ...PEM()], 2, /not clear who signs/],
      [
        ['--sign-p12', here('right.p12'), '--sign-password-file', here('wrong')],
        3,
        /does not open with this password/,
      ],
      [['--sign-p12', here('leaf.pem'), '--sign-password-file', here('wrong')], 3, /no PKCS#12 file/],
      [['--sign-p12', here('absent.p12'), '--sign-password-file', here('wrong')], 3, /there is no such file/],
      [['--sign-key', here('open.key'), '--sign-chain', here('chain.pem')], 3, /mode is 0644; expected 0600/],
      [['--sign-key', here('root.key'), '--sign-chain', here('chain.pem')], 3, /not that of the key/],
    ];
    await Promise.all(
      refused.map(async ([args, code, words], which) =>
        expect(await sign('--out', out(which), ...args)).toMatchObject({
          code,
          stderr: expect.stringMatching(words),
        }),
      ),
    );
    expect(refused.filter((_, which) => existsSync(out(which)))).toEqual([]);
  });

  it('signs the package of the checksum that is given, and no other', async () => {
    const sha256 = createHash('sha256').update(readFileSync(plain)).digest('hex');
    expect(await sign('--out', here('as-given.pkg'), '--sha256', sha256, ...PEM())).toMatchObject({
      code: 0,
    });
    expect(await sign('--out', here('other.pkg'), '--sha256', '0'.repeat(64), ...PEM())).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/plain\.pkg is not signed\. File: Its SHA-256 is/),
    });
    expect(existsSync(here('other.pkg'))).toBe(false);
  });

  it('signs nothing that is damaged, and writes over nothing', async () => {
    const bytes = readFileSync(plain);
    writeFileSync(here('cut.pkg'), bytes.subarray(0, -5));
    const cut = await atlasFleet([
      'package',
      'sign',
      here('cut.pkg'),
      '--out',
      here('from-cut.pkg'),
      ...PEM(),
    ]);
    expect(cut).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is not signed\. Heap: /),
    });
    expect(existsSync(here('from-cut.pkg'))).toBe(false);
    expect(await sign('--out', plain, ...PEM())).toMatchObject({
      code: 7,
      stderr: expect.stringMatching(/is there already/),
    });
    expect(readFileSync(plain)).toEqual(bytes);
  });
});
