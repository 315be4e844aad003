/**
 * An upgrade that is cut off before any program that its scripts call and any file of its payload (power, kill, a full disk):
 * the configuration in use is never lost, nothing half-laid is started, and the next installation mends it all.
 */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import type { ExistingConfig } from '../../src/installer/package-mark.ts';
import { type Cut, type Ended, MacStand } from './mac-stand.ts';
import { onMac } from './on-mac.ts';
import { sampleInstallation } from './sample-installation.ts';

const LABEL = 'com.fleet.server';
const ROOT = '/Library/FleetServer';
const CONFIG = `${ROOT}/config.yaml`;
const PLACES = [CONFIG, `${ROOT}/.upgrade/config.yaml`];
/** A script calls fewer programs. */
const CUTS_MAX = 50;

/** A server that runs, and the way back to it. */
class Upgrades {
  readonly #mac: MacStand;
  readonly #config: string;
  /** Only what was not seen before is mended and looked at: not every program changes something. */
  readonly #seen = new Set<string>();

  private constructor(mac: MacStand, config: string) {
    this.#mac = mac;
    this.#config = config;
  }

  static async begin(): Promise<Upgrades> {
    const mac = await MacStand.start();
    expect(await mac.install(sampleInstallation('server'))).toMatchObject({ code: 0 });
    mac.write(CONFIG, `${mac.read(CONFIG)}# of the operator\n`, 0o600);
    await mac.shell('mkdir /before && cp -a /Library /var/db/stand-in /before');
    return new Upgrades(mac, mac.read(CONFIG));
  }

  get statesSeen(): number {
    return this.#seen.size;
  }

  /** Whether the installation was cut off. */
  async cutOff(existingConfig: ExistingConfig, cut: Cut): Promise<boolean> {
    const mac = this.#mac;
    await mac.shell(
      'rm -rf /Library /var/db/stand-in && cp -a /before/Library / && cp -a /before/stand-in /var/db/',
    );
    const newer = sampleInstallation('server', { existingConfig, version: '0.2.0', port: 9999 });
    const { code } = await mac.install(newer, { cut });
    const state = createHash('sha256')
      .update(await this.#state())
      .digest('hex');
    if (!this.#seen.has(state)) await this.#look(JSON.stringify({ existingConfig, ...cut }));
    this.#seen.add(state);
    return code !== 0;
  }

  async #look(where: string): Promise<void> {
    const mac = this.#mac;
    const texts = PLACES.filter((path) => mac.has(path)).map((path) => mac.read(path));
    const isReplaced = texts[0]?.includes('port: 9999') && !texts[0].startsWith('# From a package');
    expect(texts.includes(this.#config) || isReplaced, `${where}: the configuration is there`).toBe(true);
    const isHalf = texts[0]?.startsWith('# From a package') ?? true;
    if (isHalf) expect(mac.isDisabled(LABEL), `${where}: nothing half-laid starts`).toBe(true);
    const again = await mac.install(sampleInstallation('server', { version: '0.2.0', port: 7777 }));
    expectMended(again, where);
    expect(mac.read(CONFIG), where).toBe(isReplaced ? texts[0] : this.#config);
    expect({ loaded: mac.isLoaded(LABEL), left: mac.has(`${ROOT}/.upgrade`) }, where).toEqual({
      loaded: true,
      left: false,
    });
  }

  async #state(): Promise<string> {
    const files = 'find /Library /var/db/stand-in -type f ! -name calls -exec md5sum {} + | sort -k 2';
    return (await this.#mac.shell(files)).said;
  }
}

function expectMended({ code, said }: Ended, where: string): void {
  expect({ code, said }, where).toMatchObject({ code: 0 });
}

onMac('an upgrade that is cut off', () => {
  it.each([
    ['keep', 'preinstall'],
    ['keep', 'payload'],
    ['keep', 'postinstall'],
    ['replace', 'postinstall'],
  ] as const)(
    'that is to %s the configuration, anywhere in %s',
    async (existingConfig, phase) => {
      const upgrades = await Upgrades.begin();
      let before = 0;
      const entries = phase === 'payload' ? sampleInstallation('server').payload.length : CUTS_MAX;
      while (before < entries && (await upgrades.cutOff(existingConfig, { in: phase, before }))) before += 1;
      expect(before).toBeGreaterThan(5);
      expect(before).toBeLessThan(CUTS_MAX);
      expect(upgrades.statesSeen).toBeGreaterThan(2);
    },
    600_000,
  );
});
