/** A hostile hand in the registry of the file backend. */
import { FileIntruder, fileOddities } from './file-intruder.ts';
import { hostileRegistry } from './hostile-registry.ts';
import { LiveCluster } from './live-cluster.ts';

let intruder: FileIntruder;

hostileRegistry({
  async open(plan) {
    const cluster = await LiveCluster.start(plan);
    intruder = new FileIntruder(cluster.registry);
    return { cluster, intruder };
  },
  oddities: fileOddities(() => intruder),
});
