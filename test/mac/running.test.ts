/** An installation whose service really runs: launchd's stand-in starts what the plist says. */
import { expect, it } from 'vitest';
import { eventually } from '../scenario/eventually.ts';
import { freePorts } from '../scenario/loopback-ports.ts';
import { MacStand } from './mac-stand.ts';
import { onMac } from './on-mac.ts';
import { sampleInstallation } from './sample-installation.ts';

const ROOT = '/Library/FleetServer';
const LOG = '/var/log/fleet-server.log';
/** Milliseconds. */
const SOON = 120_000;

onMac('a standalone server', () => {
  it('runs when it is installed, ends for an upgrade, and is the same one afterwards', async () => {
    const mac = await MacStand.start();
    mac.launchd({ really: true });
    const port = await freePorts(1);
    const starts = () => (mac.has(LOG) ? mac.read(LOG).split('Listening').length - 1 : 0);
    expect(await mac.install(sampleInstallation('standalone', { port }))).toMatchObject({ code: 0 });
    await eventually('it listens', SOON, () => starts() === 1);
    expect(mac.read(LOG)).toContain(`Listening on https://mac-07.local:${port} `);
    const code = await mac.run([`${ROOT}/bin/atlas-fleet`, 'user', 'setup-code']);
    expect(code).toMatchObject({ code: 0, said: expect.stringMatching(/^[A-Z0-9]{4}-[A-Z0-9]{2}$/m) });
    const identity = mac.read(`${ROOT}/data/identity.json`);

    const newer = sampleInstallation('standalone', { port: port + 1, version: '0.2.0' });
    expect(await mac.install(newer)).toMatchObject({ code: 0 });
    await eventually('it listens again', SOON, () => starts() === 2);
    expect(mac.read(LOG)).toContain(' Stopped  node_id=');
    expect(mac.read(`${ROOT}/data/identity.json`)).toBe(identity);
    expect(mac.read('/var/log/fleet-server-crash.log')).toBe('');

    expect(await mac.run([`${ROOT}/bin/uninstall.sh`, '--purge'])).toMatchObject({ code: 0 });
    expect(mac.has(ROOT)).toBe(false);
  });
});
