/**
 * Loaded before a server by NODE_OPTIONS=--import: rewrites one text of one file of src/ as it is loaded. Throws
 * when that text is not there, and says on stderr that it did its work, so that nobody takes a sound server for a
 * sabotaged one.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { SABOTAGES, type SabotageId, sabotaged } from './sabotages.ts';

const id = process.env.ATLAS_SABOTAGE as SabotageId;
const sabotage = SABOTAGES[id];
if (sabotage === undefined) throw new Error(`no sabotage is called ${id}`);

const target = new URL(`../../src/${sabotage.file}`, import.meta.url);
sabotaged(readFileSync(target, 'utf8'), sabotage);

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (url !== target.href) return loaded;
    process.stderr.write(`sabotaged: ${sabotage.name}\n`);
    return { ...loaded, source: sabotaged(String(loaded.source), sabotage) };
  },
});
