/** The scripts of an installation, unchanged, in a root of their own with stand-ins for Apple's tools (mac-stand.ts). */
import { statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { setKey } from '../../src/config/edit.ts';
import { PACKAGE_MARK } from '../../src/installer/package-mark.ts';
import type { ProgramKind } from '../../src/installer/program.ts';
import { makeTicket } from '../../src/protocol/ticket.ts';
import { openIdentity } from '../../src/store/file/identity.ts';
import { API_KEY, ENCRYPTION_KEY } from '../config/config-file.ts';
import { makeCertificate } from '../fakes/certificate.ts';
import { MacStand } from './mac-stand.ts';
import { onMac } from './on-mac.ts';
import { SAMPLE_SECRETS, sampleInstallation } from './sample-installation.ts';

const SERVER = 'com.fleet.server';
const ROOT = '/Library/FleetServer';
const CONFIG = `${ROOT}/config.yaml`;
const SAVED = `${ROOT}/.upgrade/config.yaml`;
const KIND = `${ROOT}/KIND`;

/** The first step of the cluster of the samples. */
const PIN = { clusterId: '00112233445566778899aabbccddeeff', epoch: 0, hash: 'ab'.repeat(32) };

function sampleTicket(): string {
  const server = { url: 'https://server-01.example.com:8768', spki_sha256: ENCRYPTION_KEY };
  return makeTicket({ ...PIN, servers: [server] }).text.revealText();
}

const nodeIdOf = (config: string) => /node_id: "(.*)"/.exec(config)?.[1];
const modeOf = (mac: MacStand, path: string) => statSync(mac.at(path)).mode & 0o7777;

/** A server that runs, with a line of its operator in its configuration. */
async function installed(kind: ProgramKind = 'server'): Promise<{ mac: MacStand; config: string }> {
  const mac = await MacStand.start();
  const { code, said } = await mac.install(sampleInstallation(kind));
  expect({ code, said }).toMatchObject({ code: 0 });
  mac.write(CONFIG, `${mac.read(CONFIG)}# of the operator\n`, 0o600);
  return { mac, config: mac.read(CONFIG) };
}

onMac('a fresh installation', () => {
  it.each(['server', 'standalone', 'agent'] as const)(
    'of kind %s runs, private, and says no secret',
    async (kind) => {
      const mac = await MacStand.start();
      const plan = sampleInstallation(kind);
      const { code, said } = await mac.install(plan);
      expect({ code, said }).toMatchObject({ code: 0 });
      const root = kind === 'agent' ? '/Library/FleetAgent' : ROOT;
      const config = mac.read(`${root}/config.yaml`);
      expect(config).not.toMatch(/From a package|\$\{/);
      for (const secret of [...SAMPLE_SECRETS, ...(config.match(/"[A-Za-z0-9+/]{43}="/g) ?? [])]) {
        expect(said).not.toContain(secret.replaceAll('"', ''));
      }
      expect(modeOf(mac, `${root}/config.yaml`)).toBe(0o600);
      expect(modeOf(mac, `${root}/data`)).toBe(0o700);
      expect(mac.isLoaded(plan.identifier)).toBe(true);
      expect(mac.isDisabled(plan.identifier)).toBe(false);
      expect((await mac.run([`${root}/bin/atlas-fleet`, 'config', 'check'])).said).toContain('config.yaml');
    },
  );

  it('says what to do next', async () => {
    const mac = await MacStand.start();
    const { said } = await mac.install(sampleInstallation('standalone', { port: 9443 }));
    expect(said).toMatch(
      /^Next: open https:\/\/mac-07\.local:9443\/setup, with the code of: sudo \/Library\/FleetServer\/bin\/atlas-fleet user setup-code$/m,
    );
    expect((await mac.install(sampleInstallation('standalone'))).said).toMatch(
      /^Next: open https:\/\/mac-07\.local:9443$/m,
    );
  });

  it('by a join ticket leaves the ticket to the server that joins', async () => {
    const mac = await MacStand.start();
    const ticket = sampleTicket();
    const { code, said } = await mac.install(sampleInstallation('server', { ticket }));
    expect({ code, said }).toMatchObject({ code: 0, said: expect.not.stringContaining(ticket) });
    expect(mac.read(CONFIG)).toContain(`join_ticket: "${ticket}"`);
    expect(nodeIdOf(mac.read(CONFIG))).toMatch(/^mac-07-[0-9a-f]{6}$/);
    expect(mac.read(KIND)).toBe('server\n');
  });

  it('puts the authorities of the configuration where it names them', async () => {
    const { cert } = await makeCertificate();
    const mac = await MacStand.start();
    expect(await mac.install(sampleInstallation('server', { authority: cert }))).toMatchObject({ code: 0 });
    expect(mac.read(`${ROOT}/data/redis_ca_file.pem`)).toBe(cert);
    expect(mac.has(`${ROOT}/package-files`)).toBe(false);
  });

  it('of an agent that belongs to no fleet yet says what to fill in, and keeps what was filled in', async () => {
    const mac = await MacStand.start();
    const { code, said } = await mac.install(sampleInstallation('agent', { unfilled: true }));
    expect({ code, said }).toMatchObject({ code: 0 });
    expect(said).toContain(
      'Fill in server.encryption_key, agent.servers, agent.api_key in /Library/FleetAgent/config.yaml',
    );
    expect(mac.isLoaded('com.fleet.agent')).toBe(true);
    const config = '/Library/FleetAgent/config.yaml';
    const filled = mac
      .read(config)
      .replace('# encryption_key: …', `encryption_key: "${ENCRYPTION_KEY}"`)
      .replace('# servers:', 'servers:')
      .replace('# api_key: …', `api_key: "${API_KEY}"`);
    mac.write(config, filled, 0o600);
    const again = await mac.install(sampleInstallation('agent', { unfilled: true }));
    expect(again.said).toContain('It reports to: https://fleet.example.com:8768');
    expect(mac.read(config)).toBe(filled);
  });

  it('is refused on another volume, before anything is touched', async () => {
    const mac = await MacStand.start();
    const { code, said } = await mac.install(sampleInstallation('server'), { volume: '/Volumes/Other' });
    expect(code).toBe(1);
    expect(said).toContain('installed on the startup volume alone');
    expect(mac.has(ROOT)).toBe(false);
    expect(mac.calls()).toEqual([]);
  });

  it.each([
    ['the DNS name that an administrator gave it', 'fleet.example.com', 'fleet.example.com'],
    ['its local one where that is no DNS name', 'fleet', 'mac-07.local'],
  ])('calls a Mac by %s, there and in its next step', async (_, given, name) => {
    const mac = await MacStand.start();
    mac.write('/var/db/stand-in/host-name', `${given}\n`);
    const { code, said } = await mac.install(sampleInstallation('server'));
    expect({ code, said }).toMatchObject({
      code: 0,
      said: expect.stringContaining(`Next: open https://${name}:8768/`),
    });
    expect(mac.read(CONFIG)).toContain(`hostname: "${name}"\n`);
    expect(nodeIdOf(mac.read(CONFIG))).toMatch(/^(?:fleet|mac-07)-[0-9a-f]{6}$/);
  });

  it('gives a Mac with a hostile name a plain one', async () => {
    const mac = await MacStand.start();
    mac.write('/var/db/stand-in/local-host-name', '"; $(reboot) #\nx: `y` \u{1f4bb}');
    expect(await mac.install(sampleInstallation('server'))).toMatchObject({ code: 0 });
    expect(mac.read(CONFIG)).toContain('hostname: "reboot-x-y.local"\n');
    expect(nodeIdOf(mac.read(CONFIG))).toMatch(/^reboot-x-y-[0-9a-f]{6}$/);
  });

  it.each([
    ['goes over Wi-Fi', 'en1', /^warning: this Mac reaches the network through Wi-Fi/m],
    ['has no default route', null, /^warning: this Mac has no default route/m],
  ])('warns at most when the Mac %s', async (_, device, said) => {
    const mac = await MacStand.start();
    if (device === null) mac.remove('/var/db/stand-in/default-route');
    else mac.write('/var/db/stand-in/default-route', device);
    expect(await mac.install(sampleInstallation('server'))).toMatchObject({
      code: 0,
      said: expect.stringMatching(said),
    });
  });

  it('bootstraps again while launchd refuses, and gives up in the end with the mend', async () => {
    const mac = await MacStand.start();
    mac.launchd({ refusals: 2 });
    expect(await mac.install(sampleInstallation('server'))).toMatchObject({ code: 0 });
    expect(mac.calls().filter((call) => call.startsWith('bootstrap'))).toHaveLength(3);
    mac.launchd({ refusals: 99 });
    const { code, said } = await mac.install(sampleInstallation('server'));
    expect(code).toBe(1);
    expect(said).toContain(
      'hint: try: sudo launchctl bootstrap system /Library/LaunchDaemons/com.fleet.server.plist',
    );
  });

  it('ends the service of the Python ancestor, and takes over by what its agents know a standalone server', async () => {
    const mac = await MacStand.start();
    const plist = `/Library/LaunchDaemons/${SERVER}.cluster.plist`;
    const [apiKey, encryptionKey] = SAMPLE_SECRETS;
    mac.write(plist, '');
    mac.write('/var/db/stand-in/launchd/loaded/com.fleet.server.cluster', '');
    const theirs = `server:\n  api_key: "${apiKey}"\n  encryption_key: "${encryptionKey}"\n  fleet_server_port: 8768\n`;
    mac.write(`${ROOT}/config/config.yaml`, theirs, 0o755);
    expect(await mac.install(sampleInstallation('standalone'))).toMatchObject({ code: 0 });
    expect(mac.isLoaded(`${SERVER}.cluster`)).toBe(false);
    expect(mac.has(plist)).toBe(false);
    expect(mac.read(CONFIG)).toContain(`api_key: "${apiKey}"`);
    expect(mac.read(`${ROOT}/config/config.yaml`)).toBe(theirs);
    expect(modeOf(mac, `${ROOT}/config/config.yaml`)).toBe(0o600);
  });
});

onMac('an upgrade', () => {
  it('keeps the configuration to the byte and leaves nothing of the package lying about', async () => {
    const { mac, config } = await installed();
    mac.launchd({ linger: 3 });
    const newer = sampleInstallation('server', { version: '0.2.0', port: 9999 });
    const { code, said } = await mac.install(newer);
    expect({ code, said }).toMatchObject({
      code: 0,
      said: expect.stringContaining('the configuration that was here'),
    });
    expect(mac.read(CONFIG)).toBe(config);
    expect(mac.read(`${ROOT}/VERSION`)).toBe('0.2.0\n');
    expect((await mac.run(['/bin/grep', '-rl', 'port: 9999', '/Library', '/private/etc'])).said).toBe('');
    expect(mac.has(`${ROOT}/.upgrade`)).toBe(false);
    expect(mac.isLoaded(SERVER)).toBe(true);
  });

  it('that replaces takes the configuration of the package, and the names that the Mac had', async () => {
    const { mac, config } = await installed();
    const newer = sampleInstallation('server', {
      existingConfig: 'replace',
      port: 9999,
      nodeName: 'another',
    });
    expect(await mac.install(newer)).toMatchObject({ code: 0 });
    expect(mac.read(CONFIG)).toContain('port: 9999');
    expect(mac.read(CONFIG)).not.toContain('of the operator');
    expect(nodeIdOf(mac.read(CONFIG))).toBe(nodeIdOf(config));
    expect(mac.has(`${ROOT}/.upgrade`)).toBe(false);
  });

  it('that replaces says where the configuration stays that was there, and how to go back to it', async () => {
    const { mac, config } = await installed();
    const { said } = await mac.install(
      sampleInstallation('server', { existingConfig: 'replace', port: 9999 }),
    );
    expect(said).toContain(`kept as ${CONFIG}.before, with its secrets`);
    expect(mac.read(`${CONFIG}.before`)).toBe(config);
    expect(modeOf(mac, `${CONFIG}.before`)).toBe(0o600);
    const [back] = said.match(/(?<=^sudo )mv \S+ \S+(?=, then install)/m) ?? [];
    expect(await mac.shell(back ?? 'false')).toMatchObject({ code: 0 });
    expect(await mac.install(sampleInstallation('server', { port: 7777 }))).toMatchObject({ code: 0 });
    expect(mac.read(CONFIG)).toBe(config);
  });

  it('that makes a node of a standalone server keeps the key to its database, however often it is done', async () => {
    const { mac, config } = await installed('standalone');
    const node = sampleInstallation('server', { existingConfig: 'replace' });
    expect((await mac.install(node)).said).toContain(`kept as ${CONFIG}.before-standalone`);
    expect(await mac.install(node)).toMatchObject({ code: 0 });
    expect(mac.read(`${CONFIG}.before-standalone`)).toBe(config);
    const { said } = await mac.run([`${ROOT}/bin/uninstall.sh`]);
    expect(said).toContain(`kept: ${CONFIG}.before-standalone, which holds secrets`);
    expect(mac.read(`${CONFIG}.before-standalone`)).toBe(config);
  });

  it('that replaces the configuration of a member by a ticket keeps what it was given when it joined', async () => {
    const { mac } = await installed();
    mac.write(CONFIG, mac.read(CONFIG).replace('redis.example.com', 'redis-2.example.com'), 0o600);
    const ticket = sampleTicket();
    const { code, said } = await mac.install(
      sampleInstallation('server', { existingConfig: 'replace', port: 9999, ticket }),
    );
    expect({ code, said }).toMatchObject({
      code: 0,
      said: expect.stringMatching(/^Took over: .*cluster_secret/m),
    });
    for (const value of [...SAMPLE_SECRETS, 'port: 9999', 'redis-2.example.com', ticket])
      expect(mac.read(CONFIG)).toContain(value);
    expect(said).not.toContain(SAMPLE_SECRETS[1]);
  });

  it('that replaces the configuration of another cluster by a ticket carries none of its secrets over', async () => {
    const { mac, config } = await installed();
    mac.write(CONFIG, config.replace(PIN.clusterId, 'ff'.repeat(16)), 0o600);
    const plan = sampleInstallation('server', { existingConfig: 'replace', ticket: sampleTicket() });
    expect(await mac.install(plan)).toMatchObject({ code: 0 });
    for (const value of SAMPLE_SECRETS) expect(mac.read(CONFIG)).not.toContain(value);
  });

  it('that replaces a standalone server keeps the secrets that its database needs', async () => {
    const { mac, config } = await installed('standalone');
    const newer = sampleInstallation('standalone', { existingConfig: 'replace', port: 9999 });
    expect(await mac.install(newer)).toMatchObject({ code: 0 });
    const secretsOf = (text: string) =>
      text.match(/^ {2}(\w+_key|cluster_secret|cluster_id|node_id): .*$/gm)?.sort();
    expect(secretsOf(mac.read(CONFIG))).toEqual(secretsOf(config));
  });

  it.each([
    ['0.10.0', '0.9.1', true],
    ['0.9.1', '0.10.0', false],
    ['0.9.1', '0.9.1', false],
  ])('from %s to %s warns when that is a step back, and is done', async (from, to, isBack) => {
    const mac = await MacStand.start();
    const first = await mac.install(sampleInstallation('server', { version: from }));
    expect({ ...first }).toMatchObject({ code: 0, said: expect.not.stringContaining('older') });
    const { code, said } = await mac.install(sampleInstallation('server', { version: to }));
    expect({ code, isBack: said.includes(`version ${to}, older than ${from}`) }).toEqual({ code: 0, isBack });
    expect(mac.read(`${ROOT}/VERSION`)).toBe(`${to}\n`);
  });

  it('keeps a configuration that does not fit, says where and no value, and is installed all the same', async () => {
    const { mac } = await installed();
    const odd = `server:
  prot: 1
cluster:
  node_id: "hunter2 hunter2"
  cluster_secret_file: hunter2
  redis_port: hunter2
hunter2: 1
`;
    mac.write(CONFIG, odd, 0o600);
    const { code, said } = await mac.install(sampleInstallation('server'));
    expect({ code, said }).toMatchObject({ code: 0, said: expect.stringContaining('config check') });
    expect(said).toContain(`${CONFIG}:2:3: unknown_key\n`);
    expect(said).toContain(`${CONFIG}:4:12: bad_value: cluster.node_id\n`);
    expect(said).not.toContain('hunter2');
    expect(mac.read(CONFIG)).toBe(odd);
  });

  it.each([
    ['has more in it', ' Said who?'],
    ['ends in a blank', ' '],
  ])('takes a configuration for one in use when its first line is the mark and %s', async (_, more) => {
    const { mac, config } = await installed();
    const kept = `${PACKAGE_MARK}${more}\n${config}`;
    mac.write(CONFIG, kept, 0o600);
    expect(await mac.install(sampleInstallation('server', { port: 9999 }))).toMatchObject({ code: 0 });
    expect(mac.read(CONFIG)).toBe(kept);
  });

  it('of a cluster node is made by the package of a standalone server too, and by that of a node again', async () => {
    const { mac, config } = await installed();
    await openIdentity(mac.at(`${ROOT}/data`), { nodeId: 'mac-07-000001', hostname: 'mac-07' });
    const identity = mac.read(`${ROOT}/data/identity.json`);
    for (const kind of ['standalone', 'server'] as const) {
      expect(await mac.install(sampleInstallation(kind, { port: 9999 }))).toMatchObject({ code: 0 });
      expect([mac.read(CONFIG), mac.read(`${ROOT}/data/identity.json`)]).toEqual([config, identity]);
      expect(mac.read(KIND)).toBe('server\n');
    }
    expect(modeOf(mac, KIND)).toBe(0o644);
  });

  it('by the package of a standalone server lets one that went over to PostgreSQL be a node from then on', async () => {
    const { mac, config } = await installed('standalone');
    expect(mac.read(KIND)).toBe('standalone\n');
    const moved = setKey(config, 'database.url', 'postgres://atlas@db.example.com/fleet');
    mac.write(CONFIG, moved, 0o600);
    for (const kind of ['standalone', 'server'] as const)
      expect(await mac.install(sampleInstallation(kind))).toMatchObject({ code: 0 });
    expect([mac.read(CONFIG), mac.read(KIND)]).toEqual([moved, 'server\n']);
  });

  it('does not make a cluster node of a standalone server whose configuration has errors', async () => {
    const { mac } = await installed('standalone');
    mac.write(CONFIG, 'server:\n  prot: 1\n', 0o600);
    expect(await mac.install(sampleInstallation('standalone'))).toMatchObject({ code: 0 });
    expect(await mac.install(sampleInstallation('server'))).toMatchObject({ code: 1 });
  });

  it('does not make a cluster node of a standalone server that was taken away and left its data', async () => {
    const { mac, config } = await installed('standalone');
    expect(await mac.run([`${ROOT}/bin/uninstall.sh`])).toMatchObject({ code: 0 });
    expect(await mac.install(sampleInstallation('server'))).toMatchObject({ code: 1 });
    expect(mac.read(CONFIG)).toBe(config);
    expect(mac.has(`${ROOT}/bin`)).toBe(false);
  });

  it('does not make a cluster node of a standalone server by accident, and touches nothing', async () => {
    const { mac, config } = await installed('standalone');
    const { code, said } = await mac.install(sampleInstallation('server'));
    expect({ code, said }).toMatchObject({ code: 1, said: expect.stringContaining('standalone') });
    expect(mac.isLoaded(SERVER)).toBe(true);
    expect(mac.read(CONFIG)).toBe(config);
  });

  it.each([
    ['an upgrade', sampleInstallation('standalone', { version: '0.2.0' })],
    ['what was to make a node of it', sampleInstallation('server', { existingConfig: 'replace' })],
  ])('does not do so either after %s was cut off', async (_, newer) => {
    const { mac, config } = await installed('standalone');
    await mac.install(newer, { cut: { in: 'postinstall', before: 0 } });
    const { code, said } = await mac.install(sampleInstallation('server'));
    expect({ code, said }).toMatchObject({ code: 1, said: expect.stringContaining('standalone') });
    expect(await mac.install(sampleInstallation('standalone'))).toMatchObject({ code: 0 });
    expect(mac.read(CONFIG)).toBe(config);
  });

  it('lets what ran run on when the configuration cannot be set aside', async () => {
    const { mac, config } = await installed();
    mac.write(`${ROOT}/.upgrade`, 'in the way');
    const { code } = await mac.install(sampleInstallation('server'));
    expect(code).toBe(1);
    expect(mac.isLoaded(SERVER)).toBe(true);
    expect(mac.isDisabled(SERVER)).toBe(false);
    expect(mac.read(CONFIG)).toBe(config);
  });

  it('lets the Python ancestor run on when its configuration cannot be set aside', async () => {
    const mac = await MacStand.start();
    const ancestor = `${SERVER}.cluster`;
    const plist = `/Library/LaunchDaemons/${ancestor}.plist`;
    mac.write(plist, `<key>Label</key>\n<string>${ancestor}</string>\n`);
    expect(await mac.shell(`/bin/launchctl bootstrap system ${plist}`)).toMatchObject({ code: 0 });
    mac.write(`${ROOT}/.upgrade`, 'in the way');
    const { code, said } = await mac.install(sampleInstallation('standalone'));
    expect({ code, said }).toMatchObject({ code: 1, said: expect.stringContaining('not a folder of root') });
    expect(mac.calls()).toContain(`bootout system/${ancestor}`);
    expect([mac.isLoaded(ancestor), mac.has(plist)]).toEqual([true, true]);
    mac.remove(`${ROOT}/.upgrade`);
    expect(await mac.install(sampleInstallation('standalone'))).toMatchObject({ code: 0 });
    expect([mac.isLoaded(ancestor), mac.has(plist)]).toEqual([false, false]);
  });

  it('on a Mac that lost its configuration and kept its data has the name of its keys', async () => {
    const mac = await MacStand.start();
    await openIdentity(mac.at(`${ROOT}/data`), { nodeId: 'mac-of-old', hostname: 'mac' });
    expect(await mac.install(sampleInstallation('server', { nodeName: 'another' }))).toMatchObject({
      code: 0,
    });
    expect(nodeIdOf(mac.read(CONFIG))).toBe('mac-of-old');
  });
});

onMac('an installation that is taken away', () => {
  it('leaves configuration and data, and finds both when it comes back', async () => {
    const { mac, config } = await installed();
    const { code, said } = await mac.run([`${ROOT}/bin/uninstall.sh`]);
    expect({ code, said }).toMatchObject({ code: 0, said: expect.stringContaining(`kept: ${CONFIG}`) });
    expect((await mac.run(['/bin/ls', '-A', ROOT])).said.split('\n')).toEqual([
      'KIND',
      'config.yaml',
      'data',
      '',
    ]);
    expect(mac.isLoaded(SERVER)).toBe(false);
    expect(mac.has(`/var/db/receipts/${SERVER}`)).toBe(false);
    expect(await mac.install(sampleInstallation('server'))).toMatchObject({ code: 0 });
    expect(mac.read(CONFIG)).toBe(config);
  });

  it('names what it keeps of the Python ancestor, and of reports that were not sent', async () => {
    const { mac } = await installed();
    mac.write(`${ROOT}/config/config.yaml`, 'server:\n', 0o600);
    const { said } = await mac.run([`${ROOT}/bin/uninstall.sh`]);
    expect(said).toContain(`kept: ${ROOT}/config, which holds secrets`);
    expect(said).not.toContain('spool');
    expect(mac.has(`${ROOT}/config/config.yaml`)).toBe(true);
    expect(await mac.install(sampleInstallation('agent'))).toMatchObject({ code: 0 });
    const ofAgent = await mac.run(['/Library/FleetAgent/bin/uninstall.sh']);
    expect(ofAgent.said).toContain('kept: /Library/FleetAgent/spool, the reports that were not sent');
    expect(mac.has('/Library/FleetAgent/spool')).toBe(true);
  });

  it.each(['server', 'agent'] as const)('with --purge leaves nothing of a %s', async (kind) => {
    const mac = await MacStand.start();
    const before = await everything(mac);
    const { code, said } = await mac.install(sampleInstallation(kind));
    expect({ code, said }).toMatchObject({ code: 0 });
    mac.write(`/var/log/fleet-${kind}.log`, '');
    mac.write(`/var/log/fleet-${kind}-crash.log.0.bz2`, '');
    const root = kind === 'agent' ? '/Library/FleetAgent' : ROOT;
    expect(await mac.run([`${root}/bin/uninstall.sh`, '--purge'])).toMatchObject({ code: 0 });
    expect(await everything(mac)).toEqual(before);
  });

  it('with --purge says where data lie that it does not touch', async () => {
    const { mac, config } = await installed();
    const moved = config.replace(/^server:\n/m, 'server:\n  data_dir: "/Volumes/Big/fleet"\n');
    mac.write(CONFIG, moved, 0o600);
    mac.write('/Volumes/Big/fleet/fleet.db', '');
    const { code, said } = await mac.run([`${ROOT}/bin/uninstall.sh`, '--purge']);
    expect({ code, said }).toMatchObject({
      code: 0,
      said: expect.stringContaining('not touched: /Volumes/Big/fleet, which data_dir named'),
    });
    expect([mac.has(ROOT), mac.has('/Volumes/Big/fleet/fleet.db')]).toEqual([false, true]);
  });

  it('after an upgrade that was cut off leaves the configuration that was in use', async () => {
    const { mac, config } = await installed();
    await mac.install(sampleInstallation('server', { port: 9999 }), {
      cut: { in: 'postinstall', before: 0 },
    });
    expect(mac.read(CONFIG)).toContain('9999');
    expect(await mac.run([`${ROOT}/bin/uninstall.sh`])).toMatchObject({ code: 0 });
    expect(mac.read(CONFIG)).toBe(config);
    expect(mac.has(SAVED)).toBe(false);
  });

  it('asks nothing, and takes no other word', async () => {
    const { mac } = await installed();
    expect(await mac.run([`${ROOT}/bin/uninstall.sh`, '--prune'])).toMatchObject({ code: 2 });
    expect(mac.isLoaded(SERVER)).toBe(true);
  });
});

async function everything(mac: MacStand): Promise<string[]> {
  const { said } = await mac.run([
    '/usr/bin/find',
    '/Library',
    '/private/etc/newsyslog.d/',
    '/var/log/',
    '/var/db/receipts',
  ]);
  return said.split('\n').sort();
}
