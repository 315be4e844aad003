/** A process that edits config.yaml without end, for tests that kill it: argv is the path, and the length of its values. */
import { editConfig } from '../../src/config/config-file.ts';
import { setKey } from '../../src/config/edit.ts';

const [path = '', length = '1'] = process.argv.slice(2);

process.stdout.write('ready\n');
for (let count = 0; ; count = (count + 1) % 10) {
  editConfig(path, (text) => setKey(text, 'cluster.cluster_secret', `${count}`.repeat(Number(length))));
}
