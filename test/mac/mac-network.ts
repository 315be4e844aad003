/**
 * A network of its own for Macs and what they talk to: a switch in a network namespace, this machine at its first
 * address, and one wire for each Mac. Its addresses are those for trials of networks (RFC 2544), which nobody has;
 * nothing on it can be reached from outside of this machine. All of it is gone when the switch's process ends, which
 * it does with this one.
 */
import { type ChildProcessWithoutNullStreams, execFile, spawn, spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import { findProgram } from '../backends/foreign-server.ts';

const runFile = promisify(execFile);

const IP = findProgram('ip') ?? 'ip';
const SWITCH = `${IP} link add lan type bridge && ${IP} link set lan up && echo ready && while read -r _; do :; done`;

const BLOCK = '198.18';
const PREFIX_BITS = 28;
const SUBNET_SIZE = 2 ** (32 - PREFIX_BITS);

/** Why there can be none here; null when there can. */
export function macNetworkLack(): string | null {
  if (findProgram('ip') === undefined) return 'it needs the program ip (iproute2)';
  const trial = `${IP} link add lan type bridge && ${IP} link add wire type veth`;
  const tried = spawnSync('unshare', ['--net', '/bin/sh', '-c', trial]);
  return tried.status === 0 ? null : 'this machine lets nobody lay a network';
}

export class MacNetwork {
  /** This machine's address on it. */
  readonly here: string;
  readonly #switch: ChildProcessWithoutNullStreams;
  /** The last two bytes of its lowest address. */
  readonly #first: number;
  #wires = 0;

  private constructor(keeper: ChildProcessWithoutNullStreams) {
    this.#switch = keeper;
    this.#first = freeSubnet();
    this.here = addressOf(this.#first + 1);
  }

  static async start(): Promise<MacNetwork> {
    const keeper = spawn('unshare', ['--net', '/bin/sh', '-c', SWITCH]);
    await once(keeper.stdout, 'data', { signal: AbortSignal.timeout(60_000) });
    const network = new MacNetwork(keeper);
    const uplink = `fleet-${randomBytes(4).toString('hex')}`; // interfaces have 15 characters at most
    await network.#plug(uplink);
    await ip('address', 'add', `${network.here}/${PREFIX_BITS}`, 'dev', uplink);
    await ip('link', 'set', uplink, 'up');
    return network;
  }

  /** Gives a network namespace, that of this process, an address here. */
  async connect(pid: number): Promise<string> {
    const address = addressOf(this.#first + (await this.#plug('en0', pid)));
    const there = ['--target', `${pid}`, '--net', IP];
    await runFile('nsenter', [...there, 'link', 'set', 'lo', 'up']);
    await runFile('nsenter', [...there, 'address', 'add', `${address}/${PREFIX_BITS}`, 'dev', 'en0']);
    await runFile('nsenter', [...there, 'link', 'set', 'en0', 'up']);
    return address;
  }

  async stop(): Promise<void> {
    const gone = once(this.#switch, 'exit');
    this.#switch.kill('SIGKILL');
    await gone;
  }

  /** A wire whose other end is of that name, in that process's namespace or this one's. Returns its number. */
  async #plug(name: string, pid?: number): Promise<number> {
    const number = ++this.#wires;
    const elsewhere = pid === undefined ? [] : ['netns', `${pid}`];
    const keeper = `${this.#switch.pid}`;
    const port = `port${number}`;
    await ip('link', 'add', name, ...elsewhere, 'type', 'veth', 'peer', 'name', port, 'netns', keeper);
    await runFile('nsenter', ['--target', keeper, '--net', IP, 'link', 'set', port, 'master', 'lan', 'up']);
    return number;
  }
}

/** One that no other network of Macs has: several tests run at once. */
function freeSubnet(): number {
  const taken = Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address));
  for (;;) {
    const first = randomInt(65_536 / SUBNET_SIZE) * SUBNET_SIZE;
    if (!taken.includes(addressOf(first + 1))) return first;
  }
}

const addressOf = (low: number) => `${BLOCK}.${low >> 8}.${low & 0xff}`;

async function ip(...args: readonly string[]): Promise<void> {
  await runFile(IP, args);
}
