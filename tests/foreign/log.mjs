// A reader of a registry's log, written from server/log/FORMAT.md and the public specifications that it names (RFC 6962,
// C2SP tlog-tiles, tlog-checkpoint, signed-note), on Node's own crypto. Exit code 1 when something does not hold.
// `node log.mjs VECTORS.json` runs vectors; `node log.mjs FOLDER LOG KEY` checks an exported log, KEY in hex.
import { createHash, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

const DER = Buffer.from('302a300506032b6570032100', 'hex'); // before an Ed25519 key
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const leafOf = (entry) => sha256(Buffer.of(0), entry);
const join = (left, right) => sha256(Buffer.of(1), left, right);

/** Hash over hashes of one level, and the path from one of them up (RFC 6962, 2.1 and 2.1.1). */
const splitOf = (n) => 2 ** Math.floor(Math.log2(n - 1));
function rootOf(hashes) {
  if (hashes.length <= 1) return hashes[0] ?? sha256();
  return join(rootOf(hashes.slice(0, splitOf(hashes.length))), rootOf(hashes.slice(splitOf(hashes.length))));
}
function pathOf(index, hashes) {
  if (hashes.length === 1) return [];
  const [left, right] = [hashes.slice(0, splitOf(hashes.length)), hashes.slice(splitOf(hashes.length))];
  return index < left.length ? [...pathOf(index, left), rootOf(right)] : [...pathOf(index - left.length, right), rootOf(left)];
}
/** RFC 9162, 2.1.3.2. */
function included(index, size, leaf, proof, root) {
  if (index >= size) return false;
  let [at, last, hash] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (last === 0) return false; // too long
    const left = at % 2 === 1 || at === last;
    hash = left ? join(sibling, hash) : join(hash, sibling);
    while (left && at % 2 === 0 && at !== 0) [at, last] = [at >> 1, last >> 1];
    [at, last] = [at >> 1, last >> 1];
  }
  return last === 0 && hash.equals(root);
}

/** What a checkpoint says, or why it is refused. */
function openCheckpoint(note, log, key) {
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) return { refused: 'NOTE_MALFORMED' };
  const text = note.slice(0, split + 1);
  const signed = note.slice(split + 2, -1).split('\n').some((line) => {
    const [, name, base64] = /^— ([^ +]+) (\S+)$/u.exec(line) ?? [, '', ''];
    const [blob, hash] = [Buffer.from(base64, 'base64'), sha256(Buffer.from(`${name}\n\x01`), key).subarray(0, 4)];
    return hash.equals(blob.subarray(0, 4)) && verify(null, Buffer.from(text), { key: Buffer.concat([DER, key]), format: 'der', type: 'spki' }, blob.subarray(4));
  });
  if (!signed) return { refused: 'CHECKPOINT_UNSIGNED' };
  const [origin, size, root] = text.split('\n');
  const formed = text.split('\n').length >= 4 && /^(0|[1-9][0-9]*)$/.test(size) && Buffer.from(root, 'base64').length === 32;
  if (!formed) return { refused: 'CHECKPOINT_MALFORMED' };
  if (origin !== log) return { refused: 'CHECKPOINT_OF_ANOTHER_LOG' };
  return { refused: '', size: Number(size), root: Buffer.from(root, 'base64') };
}

/** Fields of a serialized protobuf message, as [number, value]; `wireOf` says which wire type one must have, if any. */
function* fieldsOf(bytes, wireOf) {
  let at = 0;
  const varint = () => {
    for (let [value, scale] = [0n, 0n]; at < bytes.length; scale += 7n) {
      value |= BigInt(bytes[at] & 127) << scale;
      if (bytes[at++] < 128) return value;
    }
    throw new Error('cut off');
  };
  const text = (size) => bytes.subarray(at, (at += size));
  const readers = [varint, () => bytes.readBigUInt64LE((at += 8) - 8), () => text(Number(varint())), , , () => text(4)];
  while (at < bytes.length) {
    const tag = Number(varint());
    const [number, wire] = [tag >> 3, tag & 7];
    if (!readers[wire] || (wireOf(number) ?? wire) !== wire) throw new Error(`field ${number} has wire type ${wire}`);
    yield [number, readers[wire]()];
  }
  if (at > bytes.length) throw new Error('cut off');
}

/** Entries begin with their time, which never falls; the revisions of each record are 1, 2, 3 …; they say whose `log` they are. */
function checkEntries(entries, log) {
  let [time, revisions, said] = [0n, new Map(), 'nobody'];
  entries.forEach((entry, index) => {
    const all = [...fieldsOf(entry, (number) => (number >= 16 ? 2 : [, 1, 2, 2, 2, 0, 0][number]))];
    const [fields, [kind, ...more]] = [new Map(all), all.map(([number]) => number).filter((number) => number >= 16)];
    if (entry[0] !== 9 || more.length || !kind || fields.get(1) < time) throw new Error(`entry ${index} does not follow`);
    time = fields.get(1);
    const named = kind === 19 || kind === 21 ? 2 : kind <= 30 ? 0 : undefined; // a text, a number, not known here
    const record = new Map(fieldsOf(fields.get(kind), (number) => (number === 1 ? named : undefined)));
    const name = `${kind} ${kind === 21 || record.get(1)}`;
    if (fields.get(6) !== (revisions.get(name) ?? 0n) + 1n) throw new Error(`entry ${index}: revision ${fields.get(6)} of ${name}`);
    revisions.set(name, fields.get(6));
    if (kind === 21) said = `${record.get(1)}/${record.get(2)}`;
    if (kind === 21 && log && record.get(2) > Number(log.slice(33))) throw new Error(`entry ${index} is of ${said}`);
  });
  if (log && entries.length && said !== log) throw new Error(`the entries are of ${said}`);
}
const isRefused = (entries, log) => { try { checkEntries(entries, log); } catch { return true; } return false; };
function entriesIn(bundle) {
  const entries = [];
  for (let at = 0; at < bundle.length;) entries.push(bundle.subarray(at + 2, (at += 2 + bundle.readUInt16BE(at))));
  return entries;
}
/** tile/0/x001/234, with .p/W when it is not full. */
function pathTo(level, index, width) {
  const groups = String(index).padStart(Math.ceil(String(index).length / 3) * 3, '0').match(/.../g);
  return `tile/${level}/${groups.map((group, i) => (i < groups.length - 1 ? 'x' : '') + group).join('/')}${width < 256 ? `.p/${width}` : ''}`;
}
function checkFolder(folder, log, key) {
  const checkpoint = openCheckpoint(readFileSync(`${folder}/checkpoint`, 'utf8'), log, key);
  if (checkpoint.refused) throw new Error(checkpoint.refused);
  const entries = [];
  for (let tile = 0; tile * 256 < checkpoint.size; ++tile) {
    entries.push(...entriesIn(readFileSync(`${folder}/${pathTo('entries', tile, Math.min(256, checkpoint.size - tile * 256))}`)));
  }
  checkEntries(entries, log);
  const leaves = entries.map(leafOf);
  for (let [level, hashes] = [0, leaves]; hashes.length; ++level) {
    const next = [];
    for (let at = 0; at < hashes.length; at += 256) {
      const tile = hashes.slice(at, at + 256);
      const path = `${folder}/${pathTo(level, at / 256, tile.length)}`;
      if (!readFileSync(path).equals(Buffer.concat(tile))) throw new Error(`${path} is not what the entries make`);
      if (tile.length === 256) next.push(rootOf(tile));
    }
    hashes = next;
  }
  if (entries.length !== checkpoint.size || !rootOf(leaves).equals(checkpoint.root)) throw new Error('the root is another');
  const at = Math.floor(entries.length / 3);
  if (!included(at, leaves.length, leaves[at], pathOf(at, leaves), checkpoint.root)) throw new Error('no inclusion');
  console.log(`${entries.length} entries are as signed`);
}
function checkVectors(file) {
  const hex = (list) => list.map((text) => Buffer.from(text, 'hex'));
  const [entries, leaves, roots, wrong] = [hex(file.entries), hex(file.leaves), hex(file.roots), []];
  const expect = (what, got, wanted) => got === wanted || wrong.push({ what, got, wanted });
  checkEntries(entries); // throws
  for (const at of [0, 1, 3]) expect(`entry ${at} alone`, isRefused([entries[at]]), false);
  for (const { name, entry } of file.malformed) expect(name, isRefused(hex([entry])), true);
  for (const { name, log, entries, holds } of file.named) expect(name, isRefused(hex(entries), log), !holds);
  roots.forEach((root, n) => expect(`root of ${n}`, rootOf(entries.slice(0, n).map(leafOf)).equals(root), true));
  expect('entries', entriesIn(Buffer.from(file.tiles['tile/entries/000.p/5'], 'hex')).every((entry, i) => entry.equals(entries[i])), true);
  expect('tile', Buffer.concat(leaves).toString('hex'), file.tiles[pathTo(0, 0, 5)]);
  for (const { name, note, refused } of file.checkpoints) expect(name, openCheckpoint(note, file.log, Buffer.from(file.log_key, 'hex')).refused, refused);
  for (const { name, index, size, proof, holds } of file.inclusion) expect(name, included(index, size, leaves[index], hex(proof), roots[size]), holds);
  expect('large', rootOf(Array.from({ length: file.large.size }, (_, n) => leafOf(String(n)))).toString('hex'), file.large.root);
  if (wrong.length) throw new Error(`vectors disagree: ${JSON.stringify(wrong)}`);
  console.log('all vectors agree');
}

const [, , place, log, key] = process.argv;
if (place.endsWith('.json')) checkVectors(JSON.parse(readFileSync(place, 'utf8')));
else checkFolder(place, log, Buffer.from(key, 'hex'));
