/**
 * What somebody else made in the folder of an installation before it was made: he may have chosen what is in it, also
 * where it is root's by now. Nothing of it is used, nothing of it is lost, and it is said how to get it back.
 */
import { statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openIdentity, readIdentity } from '../../src/store/file/identity.ts';
import { makeCertificate } from '../fakes/certificate.ts';
import { type Ended, MacStand } from './mac-stand.ts';
import { onMac } from './on-mac.ts';
import { SAMPLE_SECRETS, sampleInstallation } from './sample-installation.ts';

const ROOT = '/Library/FleetServer';
const CONFIG = `${ROOT}/config.yaml`;
const PRECIOUS = '/etc/precious';
const OWN_FOLDERS = `${ROOT} ${ROOT}/data ${ROOT}/bin ${ROOT}/app`;

const modeOf = (mac: MacStand, path: string) => statSync(mac.at(path)).mode & 0o7777;
const stateOf = async (mac: MacStand, path: string) => (await mac.shell(`stat -c '%u %a' ${path}`)).said;

/** With a file that only root reads and writes. */
async function startMac(): Promise<MacStand> {
  const mac = await MacStand.start();
  mac.write(PRECIOUS, '9.9.9-root-only\n', 0o600);
  return mac;
}

async function installed(): Promise<{ mac: MacStand; config: string }> {
  const mac = await startMac();
  expectDone(await mac.install(sampleInstallation('standalone')));
  mac.write(CONFIG, `${mac.read(CONFIG)}# of the operator\n`, 0o600);
  await openIdentity(mac.at(`${ROOT}/data`), { nodeId: 'mac-of-old', hostname: 'mac' });
  return { mac, config: mac.read(CONFIG) };
}

function expectDone({ code, said }: Ended): void {
  expect({ code, said }).toMatchObject({ code: 0 });
}

/** Nothing is another's but what was set aside, and the file of root is as it was. */
async function expectOwn(mac: MacStand): Promise<void> {
  const { said } = await mac.shell(`find ${ROOT} -name '*.before-*' -prune -o ! -user root -print`);
  expect(said).toBe('');
  expect(mac.read(PRECIOUS)).toBe('9.9.9-root-only\n');
  expect(modeOf(mac, PRECIOUS)).toBe(0o600);
}

/** Where it is now, of the things that were set aside. */
async function asideOf(mac: MacStand, path: string): Promise<string> {
  const { said } = await mac.shell(`ls -d ${path}.before-*`);
  return said.trim();
}

const GIVEN = { 'his installation': ROOT, 'his data folder': `${ROOT}/data` };

onMac("a folder that was somebody else's", () => {
  it.each(Object.entries(GIVEN))('begins anew and empty: %s', async (_, path) => {
    const mac = await startMac();
    await mac.shell(`mkdir -p ${path} && echo his >${path}/file && chown -R 1000:1000 ${path}`);
    const { code, said } = await mac.install(sampleInstallation('server'));
    const aside = await asideOf(mac, path);
    expect({ code, said }).toMatchObject({ code: 0, said: expect.stringContaining(`kept as ${aside},`) });
    expect([mac.read(`${aside}/file`), mac.has(`${path}/file`)]).toEqual(['his\n', false]);
    expect(await stateOf(mac, OWN_FOLDERS)).toBe('0 755\n0 700\n0 755\n0 755\n');
    await expectOwn(mac);
  });

  it.each([
    ['that everybody may write to', `mkdir -p ${ROOT} && chmod 0777 ${ROOT}`],
    ['that is a link', `mkdir -p /theirs /Library && ln -s /theirs ${ROOT}`],
  ])('is one as well %s', async (_, made) => {
    const mac = await startMac();
    await mac.shell(made);
    expectDone(await mac.install(sampleInstallation('server')));
    expect(await asideOf(mac, ROOT)).toMatch(/\.before-\d{8}-\d{6}$/);
    expect((await mac.shell('ls -A /theirs 2>/dev/null || :')).said).toBe('');
    await expectOwn(mac);
  });

  it('leads nothing that is written for everybody to a file of root', async () => {
    const mac = await startMac();
    await plant(mac, `ln -s ${PRECIOUS} KIND.unfinished; ln -s ${PRECIOUS} KIND`);
    expectDone(await mac.install(sampleInstallation('standalone')));
    expect(mac.read(`${ROOT}/KIND`)).toBe('standalone\n');
    await expectOwn(mac);
  });

  it('leads no authority of the package to a file of root', async () => {
    const { cert } = await makeCertificate();
    const mac = await startMac();
    await plant(mac, `mkdir data; ln -s ${PRECIOUS} data/redis_ca_file.pem.unfinished`);
    expectDone(await mac.install(sampleInstallation('server', { authority: cert })));
    expect(mac.read(`${ROOT}/data/redis_ca_file.pem`)).toBe(cert);
    await expectOwn(mac);
  });

  it.each(Object.entries(GIVEN))('gives this server none of his keys: %s', async (_, path) => {
    const mac = await startMac();
    await openIdentity(mac.at(`${ROOT}/data`), { nodeId: 'attacker-known', hostname: 'mac' });
    await mac.shell(`chown -R 1000:1000 ${path}`);
    const { code, said } = await mac.install(sampleInstallation('server'));
    expect({ code, said }).toMatchObject({ code: 0, said: expect.not.stringContaining('attacker-known') });
    expect(mac.read(CONFIG)).not.toContain('attacker-known');
    await expectOwn(mac);
  });

  it('hands his keys over neither where the folder is root’s by now', async () => {
    const mac = await startMac();
    await openIdentity(mac.at(`${ROOT}/data`), { nodeId: 'attacker-known', hostname: 'mac' });
    await mac.shell(`chown 1000:1000 ${ROOT}/data/identity.json`);
    expectDone(await mac.install(sampleInstallation('server')));
    expect(mac.read(CONFIG)).not.toContain('attacker-known');
    await expectOwn(mac);
  });

  it.each([
    ['in his folder', 'echo "server: {}" >config.yaml', ROOT],
    ['in a folder of root', 'echo "server: {}" >config.yaml', CONFIG],
    ['in his folder, as a link', `ln -s ${PRECIOUS} config.yaml`, ROOT],
    ['in a folder of root, as a link', `ln -s ${PRECIOUS} config.yaml`, CONFIG],
  ])('has no configuration that somebody runs: %s', async (_, made, path) => {
    const mac = await startMac();
    await plant(mac, `${made}; echo standalone >KIND`, path);
    const { code, said } = await mac.install(sampleInstallation('server'));
    expect({ code, said }).toMatchObject({
      code: 0,
      said: expect.stringContaining('the configuration of the package'),
    });
    expect(await stateOf(mac, CONFIG)).toBe('0 600\n');
    expect(await asideOf(mac, path)).not.toBe('');
    await expectOwn(mac);
  });

  it.each([
    ['the programs', 'bin'],
    ['a part of the program', 'app/node_modules/part'],
  ])('leaves him no place for %s', async (_, name) => {
    const mac = await startMac();
    await plant(mac, `mkdir -p ${name}; echo his >${name}/his.js`, `${ROOT}/${name}`);
    expectDone(await mac.install(sampleInstallation('server')));
    expect(mac.has(`${ROOT}/${name}/his.js`)).toBe(false);
    await expectOwn(mac);
  });

  it.each([
    ['his folder', ROOT],
    ['a folder of root', `${ROOT}/VERSION`],
  ])('shows nobody what a file of root says, by a link in %s', async (_, path) => {
    const mac = await startMac();
    await plant(mac, `ln -s ${PRECIOUS} VERSION`, path);
    const { code, said } = await mac.install(sampleInstallation('server'));
    expect({ code, said }).toMatchObject({ code: 0, said: expect.not.stringContaining('root-only') });
    await expectOwn(mac);
  });

  it('has the place for what an upgrade sets aside made anew', async () => {
    const { mac, config } = await installed();
    await plant(mac, `mkdir .upgrade; ln -s ${PRECIOUS} .upgrade/KIND`, `${ROOT}/.upgrade`);
    expectDone(await mac.install(sampleInstallation('standalone')));
    expect(mac.read(CONFIG)).toBe(config);
    await expectOwn(mac);
  });

  it('is refused by the program itself', async () => {
    const { mac } = await installed();
    const prepare = [`${ROOT}/bin/node`, `${ROOT}/app/main.js`, 'service', 'prepare', '--kind', 'standalone'];
    expectDone(await mac.run(prepare));
    await mac.shell(`chown 1000 ${ROOT}/data`);
    const { code, said } = await mac.run(prepare);
    expect({ code, said }).toMatchObject({ code: 3, said: expect.stringContaining('belongs to user 1000') });
    await mac.shell(`mv ${ROOT}/data /elsewhere && ln -s /elsewhere ${ROOT}/data`);
    expect((await mac.run(prepare)).said).toContain('is a link or a file');
  });
});

onMac('an installation that an administrator gave to another user', () => {
  it.each(Object.entries({ ...GIVEN, 'its configuration': CONFIG }))(
    'is kept, and comes back to the byte by what was said: %s',
    async (_, path) => {
      const { mac, config } = await installed();
      await mac.shell(`chown -R 501:20 ${path}`);
      const { code, said } = await mac.install(sampleInstallation('standalone', { port: 9999 }));
      expect({ code, said }).toMatchObject({
        code: 0,
        said: expect.stringContaining('nothing of it is used'),
      });
      const [back = 'false'] = said.match(/(?<=if all in it is yours: ).*(?=; and install again)/) ?? [];
      await mac.shell(back.replaceAll('sudo ', ''));
      expectDone(await mac.install(sampleInstallation('standalone', { port: 7777 })));
      expect(mac.read(CONFIG)).toBe(config);
      expect((await readIdentity(mac.at(`${ROOT}/data`)))?.nodeId).toBe('mac-of-old');
      await mac.shell(`rm -r ${path}.new`);
      await expectOwn(mac);
    },
  );

  it('is said to be left by who takes it away', async () => {
    const { mac } = await installed();
    await mac.shell(`chown 501 ${ROOT}`);
    expectDone(await mac.install(sampleInstallation('standalone')));
    await mac.shell(`chown 501 ${ROOT}/data`);
    expectDone(await mac.install(sampleInstallation('standalone')));
    const [root, data] = [await asideOf(mac, ROOT), await asideOf(mac, `${ROOT}/data`)];
    const kept = await mac.run([`${ROOT}/bin/uninstall.sh`]);
    expect(kept.said).toContain(`kept: ${data}, which holds secrets`);
    expect(kept.said).toContain(`not touched: ${root}, which`);
    expectDone(await mac.install(sampleInstallation('standalone')));
    const { said } = await mac.run([`${ROOT}/bin/uninstall.sh`, '--purge']);
    expect(said).toContain(`not touched: ${root}, which`);
    expect([mac.has(ROOT), mac.has(root)]).toEqual([false, true]);
  });

  it('keeps its configuration when it is taken away', async () => {
    const { mac, config } = await installed();
    await mac.shell(`chown 501 ${CONFIG}`);
    expectDone(await mac.run([`${ROOT}/bin/uninstall.sh`]));
    expect(mac.read(CONFIG)).toBe(config);
  });
});

onMac("an installation that is root's", () => {
  it('has nothing set aside by the next one, nor said', async () => {
    const { mac, config } = await installed();
    const { code, said } = await mac.install(sampleInstallation('standalone', { version: '0.2.0' }));
    expect({ code, said }).toMatchObject({ code: 0, said: expect.not.stringContaining('warning') });
    expect((await mac.shell("find /Library -name '*.before*'")).said).toBe('');
    expect(mac.read(CONFIG)).toBe(config);
    expect((await readIdentity(mac.at(`${ROOT}/data`)))?.nodeId).toBe('mac-of-old');
  });
});

onMac('a configuration of the Python ancestor', () => {
  it.each([
    ['is a link', `mv /theirs ${ROOT} && ln -s ../theirs ${ROOT}/config/config.yaml`],
    ['has a second name', `mv /theirs ${ROOT} && ln ${ROOT}/theirs ${ROOT}/config/config.yaml`],
    [
      'belongs to another user',
      `mv /theirs ${ROOT}/config/config.yaml && chown 1000 ${ROOT}/config/config.yaml`,
    ],
    ['lies in his folder', `mv /theirs ${ROOT}/config/config.yaml && chown 1000 ${ROOT}/config`],
    [
      'may be written by others',
      `mv /theirs ${ROOT}/config/config.yaml && chmod 0666 ${ROOT}/config/config.yaml`,
    ],
  ])('is not taken over when it %s', async (_, made) => {
    const mac = await startMac();
    const [apiKey] = SAMPLE_SECRETS;
    mac.write('/theirs', `server:\n  api_key: "${apiKey}"\n`);
    await mac.shell(`mkdir -p ${ROOT}/config && ${made}`);
    const before = await mac.shell(`stat -L -c '%a' ${ROOT}/config/config.yaml`);
    const { code, said } = await mac.install(sampleInstallation('standalone'));
    expect({ code, said }).toMatchObject({
      code: 0,
      said: expect.stringContaining('nothing of it was taken'),
    });
    expect(mac.read(CONFIG)).not.toContain(apiKey);
    expect(await mac.shell(`stat -L -c '%a' ${ROOT}/config/config.yaml`)).toEqual(before);
  });

  it('is set aside with an installation that was another user’s', async () => {
    const mac = await startMac();
    const [apiKey] = SAMPLE_SECRETS;
    mac.write(`${ROOT}/config/config.yaml`, `server:\n  api_key: "${apiKey}"\n`);
    await mac.shell(`chown 1000 ${ROOT}`);
    expectDone(await mac.install(sampleInstallation('standalone')));
    expect(mac.read(CONFIG)).not.toContain(apiKey);
    expect(mac.read(`${await asideOf(mac, ROOT)}/config/config.yaml`)).toContain(apiKey);
  });
});

/** As user 1000, in an installation that is to be; `path` is his afterwards, and what is in it. */
async function plant(mac: MacStand, script: string, path = ROOT): Promise<void> {
  await mac.shell(`mkdir -p ${ROOT} && cd ${ROOT} && { ${script}; } && chown -hR 1000:1000 ${path}`);
}
