/** What an installation lays down, read by programs that are not ours; test/mac/ runs it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type InstallationPlan, installation } from '../../src/installer/installation.ts';
import type { ExistingConfig } from '../../src/installer/package-mark.ts';
import type { ProgramKind } from '../../src/installer/program.ts';
import type { Tree } from '../../src/installer/tree.ts';
import { run } from './foreign.ts';

const KINDS: readonly ProgramKind[] = ['server', 'standalone', 'agent'];
const EXISTING: readonly ExistingConfig[] = ['keep', 'replace'];

const plan = (over: Partial<InstallationPlan> = {}): InstallationPlan => ({
  kind: 'server',
  existingConfig: 'keep',
  version: '0.1.0',
  program: [{ path: 'bin/node', mode: 0o755, content: [Buffer.from('node')] }],
  config: 'server:\n',
  files: { 'redis_ca_file.pem': 'PEM' },
  contents: '[]\n',
  ...over,
});

function textOf(tree: Tree, path: string): string {
  const entry = tree.find((one) => one.path === path);
  if (entry?.type !== 'file') throw new Error(`no file ${path}`);
  return Buffer.concat(entry.content.map((part) => part as Uint8Array)).toString('utf8');
}

function onDisk(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-installation-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'file');
  writeFileSync(path, text);
  return path;
}

describe('an installation', () => {
  it('lays down this, with these modes', () => {
    const { identifier, title, payload, scripts } = installation(plan());
    expect({ identifier, title }).toEqual({
      identifier: 'com.fleet.server',
      title: 'Fleet Server (Cluster Node)',
    });
    const modes = [...payload, ...scripts].map((one) => [
      one.path,
      one.type === 'symlink' ? '' : one.mode.toString(8),
    ]);
    expect(Object.fromEntries(modes)).toEqual({
      'Library/FleetServer/bin/node': '755',
      'Library/FleetServer/bin/atlas-fleet': '755',
      'Library/FleetServer/bin/uninstall.sh': '755',
      'Library/FleetServer/VERSION': '644',
      'Library/FleetServer/contents.json': '644',
      'Library/FleetServer/config.yaml': '600',
      'Library/FleetServer/package-files': '700',
      'Library/FleetServer/package-files/redis_ca_file.pem': '600',
      'Library/LaunchDaemons/com.fleet.server.plist': '644',
      'private/etc/newsyslog.d/com.fleet.server.conf': '644',
      preinstall: '755',
      postinstall: '755',
    });
  });

  it.each(['../config.yaml', '../x.pem', 'a/b.pem', '$(x).pem', 'x'])('takes no file called %s', (path) => {
    expect(() => installation(plan({ files: { [path]: '' } }))).toThrow(
      expect.objectContaining({ code: 'package_unfit' }),
    );
  });

  it('has no value of the configuration in anything but the configuration', () => {
    const { payload, scripts } = installation(plan({ config: 'secret: q83vEjRWeJCrze8S\n' }));
    const holding = [...payload, ...scripts].filter(
      (one) => one.type === 'file' && Buffer.concat(one.content as Uint8Array[]).includes('q83vEjRWeJCrze8S'),
    );
    expect(holding.map(({ path }) => path)).toEqual(['Library/FleetServer/config.yaml']);
  });
});

describe.each(KINDS.flatMap((kind) => EXISTING.map((existing) => [kind, existing] as const)))(
  'the scripts of kind %s that %s the configuration',
  (kind, existingConfig) => {
    const { payload, scripts } = installation(plan({ kind, existingConfig }));
    const shell = [...scripts, ...payload].filter(({ path }) => /install$|\.sh$|atlas-fleet$/.test(path));
    const texts = shell.map(({ path }) => textOf([...scripts, ...payload], path));

    it('are read by both shells, and call nothing by a name that PATH could lead elsewhere', () => {
      expect(texts).toHaveLength(4);
      for (const text of texts) {
        const path = onDisk(text);
        run('dash', ['-n', path]);
        run('bash', ['-n', path]);
        expect(text).toMatch(/^#!\/bin\/sh\n/);
        expect(text).not.toMatch(/set -[a-z]*x|undefined|curl|\$\{/);
        const bare =
          /(?<![/\w-])(launchctl|rm|mv|cp|mkdir|chmod|chown|sleep|cat|awk|env|id|sync|route|pkgutil)(?= [-"/$])/;
        expect(text.replace(/'[^']*'|^ *#.*|hint.*|sudo .*/gm, '')).not.toMatch(bare);
      }
    });
  },
);

describe.each(KINDS)('the LaunchDaemon of kind %s', (kind) => {
  const { payload, identifier } = installation(plan({ kind }));
  const folder = kind === 'agent' ? '/Library/FleetAgent' : '/Library/FleetServer';
  const command = kind === 'agent' ? 'agent' : 'server';

  it('is a property list that says what runs', () => {
    const path = onDisk(textOf(payload, `Library/LaunchDaemons/${identifier}.plist`));
    run('plistutil', ['-i', path, '-f', 'xml']);
    expect(readPlist(path)).toMatchObject({
      Label: identifier,
      ProgramArguments: [
        `${folder}/bin/node`,
        `${folder}/app/main.js`,
        command,
        '--config',
        `${folder}/config.yaml`,
        '--pid-file',
        `${folder}/data/${command}.pid`,
      ],
      RunAtLoad: true,
      KeepAlive: true,
      ThrottleInterval: 10,
      ExitTimeOut: 30,
      Umask: 63,
      ProcessType: kind === 'agent' ? 'Background' : 'Interactive',
      StandardErrorPath: `/var/log/fleet-${command}-crash.log`,
    });
  });

  it('has its log rotated by the process id that it writes', () => {
    const rules = textOf(payload, `private/etc/newsyslog.d/${identifier}.conf`).split('\n');
    expect(rules).toContain(
      `/var/log/fleet-${command}.log root:wheel 640 5 10240 * J ${folder}/data/${command}.pid 1`,
    );
  });
});

describe('the profile that approves the background items', () => {
  it('names the labels of both services, under identifiers that never change', () => {
    const path = resolve(import.meta.dirname, '../../docs/mdm/fleet-background-items.mobileconfig');
    run('plistutil', ['-i', path, '-f', 'xml']);
    expect(readPlist(path)).toMatchObject({
      PayloadType: 'Configuration',
      PayloadScope: 'System',
      PayloadUUID: '6A3C1D52-8E0B-4B57-9E2E-2F4D7C9A1B60',
      PayloadContent: [
        {
          PayloadType: 'com.apple.servicemanagement',
          PayloadUUID: 'D1F7A0C4-35B9-4C06-8A44-7B6E90E2C3F8',
          Rules: KINDS.slice(1).map((kind) => ({
            RuleType: 'Label',
            RuleValue: installation(plan({ kind })).identifier,
            TeamIdentifier: 'HX7739G8FX',
          })),
        },
      ],
    });
  });
});

/** By Python's plistlib. */
function readPlist(path: string): unknown {
  const program = 'import json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], "rb"))))';
  return JSON.parse(run('python3', ['-c', program, path]));
}
