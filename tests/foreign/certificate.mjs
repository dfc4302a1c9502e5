// A verifier of certificates of rights, written from server/rights/CERTIFICATE.md. Prints what the certificate says as JSON; exit code 1
// and the reason when it is refused. `node certificate.mjs CERTIFICATE BUNDLE`, the bundle as a reader keeps it, its root trusted.
import { readFileSync } from 'node:fs';
import { fieldsOf, included, leafOf, openCheckpoint, openNote, sha256 } from './log.mjs';

const KINDS = { facility: 16, code: 17, organization: 18, claim: 25, notice: 26, order: 29, rights_rules: 30 };
const refuse = (reason, what = '') => { throw new Error(`${reason} ${what}`); };

/** The file taken apart, and written again as the one file of its contents. */
function parse(bytes) {
  const file = { note: '', checkpoint: '', entries: [] };
  for (const [number, value] of fieldsOf(bytes, (number) => (number <= 3 ? 2 : -1))) {
    if (number < 3) file[number === 1 ? 'note' : 'checkpoint'] = value.toString('utf8');
    else file.entries.push(Object.assign({ index: 0n, entry: Buffer.of(), proof: Buffer.of() }, Object.fromEntries(
      [...fieldsOf(value, (field) => [, 0, 2, 2][field] ?? -1)].map(([field, part]) => [[, 'index', 'entry', 'proof'][field], part]))));
  }
  return file;
}
function varint(value) {
  const bytes = [];
  for (value = BigInt(value); value > 127n; value >>= 7n) bytes.push(Number(value & 127n) | 128);
  return Buffer.from([...bytes, Number(value)]);
}
const text = (number, value) => (value.length ? Buffer.concat([Buffer.of(number << 3 | 2), varint(Buffer.from(value).length), Buffer.from(value)]) : Buffer.of());
const write = ({ note, checkpoint, entries }) => Buffer.concat([text(1, note), text(2, checkpoint), ...entries.map(({ index, entry, proof }) => {
  const inner = Buffer.concat([index ? Buffer.concat([Buffer.of(8), varint(index)]) : Buffer.of(), text(2, entry), text(3, proof)]);
  return Buffer.concat([Buffer.of(3 << 3 | 2), varint(inner.length), inner]);
})]);

/** Lines of a note: [name, value], without those that begin with x-. */
const linesOf = (note) => note.slice(0, -1).split('\n').map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)])
  .filter(([name]) => !name.startsWith('x-'));
function readNote(note) {
  const order = [/^yima-certificate v1$/, /^registry [0-9a-f]{32}$/, /^epoch \d+$/, /^facility \d+$/, /^code \d+ \d+$/, /^tree_size \d+$/,
    /^checkpoint [0-9a-f]{64}$/, /^issued \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/];
  const [said, entries] = [{}, []];
  let at = 0;
  for (const [name, value] of linesOf(note)) {
    const line = `${name} ${value}`;
    if (at === 4 && !order[4].test(line)) at = 5; // no code
    if (at < order.length && order[at].test(line)) ++at;
    else if (at < order.length || !/^entry [a-z_]+ [1-9]\d* (0|[1-9]\d*) [1-9]\d* [0-9a-f]{64}$/.test(line)) refuse('CERTIFICATE_NOTE_MALFORMED', line);
    if (name !== 'entry') said[name] = value;
    else entries.push(Object.fromEntries(value.split(' ').map((word, i) => [['kind', 'id', 'index', 'revision', 'leaf'][i], word])));
  }
  if (at < order.length || !entries.length || entries.some(({ index }, i) => i && BigInt(index) <= BigInt(entries[i - 1].index)))
    refuse('CERTIFICATE_NOTE_MALFORMED');
  return { ...said, entries };
}

/** Fields of a record by their number, each a list. */
function record(bytes) {
  const fields = {};
  for (const [number, value] of fieldsOf(bytes, () => undefined)) (fields[number] ??= []).push(value);
  return fields;
}
const number = (fields, field) => Number(fields[field]?.[0] ?? 0n);
const words = (fields, field) => (fields[field]?.[0] ?? '').toString('utf8');

/** What a facility's three rights name. */
function restsOn(facility) {
  const names = new Set();
  const add = (kind, id) => id && names.add(`${kind} ${id}`);
  for (const field of [7, 8, 9]) {
    const right = record(facility[field]?.[0] ?? Buffer.of());
    add('organization', number(right, 1));
    add('claim', number(right, 11));
    add('notice', number(right, 12));
    add('order', number(right, 13));
    add('rights_rules', number(right, 14) && 1);
    for (const claim of (right[6] ?? []).map(record)) {
      add('claim', number(claim, 1));
      add('organization', number(claim, 2));
      add('notice', number(claim, 3));
    }
  }
  return names;
}

function verify(bytes, bundle) {
  const file = parse(bytes);
  if (!write(file).equals(bytes)) refuse('CERTIFICATE_NOT_CANONICAL');
  const keys = (kind) => bundle.filter(([name]) => name === kind).map(([, value]) => Buffer.from(value, 'hex'));
  const opened = keys('certificate').map((key) => openNote(file.note, key)).find(({ signed }) => signed) ?? refuse('CERTIFICATE_UNSIGNED');
  if (file.note.slice(opened.text.length + 1).split('\n').length !== 2) refuse('CERTIFICATE_NOT_CANONICAL');
  const note = readNote(opened.text);
  const held = Object.fromEntries(bundle.filter(([name]) => name === 'registry' || name === 'epoch'));
  if (note.registry !== held.registry) refuse('CERTIFICATE_OF_ANOTHER_REGISTRY', note.registry);
  if (Number(note.epoch) > Number(held.epoch)) refuse('EPOCH_AHEAD');
  if (sha256(Buffer.from(file.checkpoint)).toString('hex') !== note.checkpoint) refuse('CERTIFICATE_CHECKPOINT_OTHER');
  const tries = keys('log').map((key) => openCheckpoint(file.checkpoint, `${note.registry}/${note.epoch}`, key));
  const checkpoint = tries.find(({ refused }) => !refused) ?? refuse(tries[0]?.refused ?? 'CHECKPOINT_UNSIGNED');
  if (checkpoint.size !== Number(note.tree_size)) refuse('CERTIFICATE_CHECKPOINT_OTHER');

  const records = {};
  note.entries.forEach(({ kind, id, index, revision, leaf }, i) => {
    const [name, found] = [`${kind} ${id}`, file.entries[i]];
    if (!found || String(found.index) !== index) refuse('CERTIFICATE_ENTRY_MISSING', name);
    if (leafOf(found.entry).toString('hex') !== leaf) refuse('CERTIFICATE_ENTRY_CHANGED', name);
    const proof = Array.from({ length: found.proof.length / 32 }, (_, n) => found.proof.subarray(32 * n, 32 * n + 32));
    if (found.proof.length % 32 || !included(Number(index), checkpoint.size, leafOf(found.entry), proof, checkpoint.root)) refuse('CERTIFICATE_PROOF_WRONG', name);
    const entry = record(found.entry);
    const inner = record(entry[KINDS[kind]]?.[0] ?? refuse('CERTIFICATE_ENTRY_OTHER', name));
    if (found.entry[0] !== 9 || String(entry[6]?.[0]) !== revision || (kind !== 'rights_rules' && String(inner[1]?.[0]) !== id) || records[name]) refuse('CERTIFICATE_ENTRY_OTHER', name);
    records[name] = inner;
  });
  if (file.entries.length !== note.entries.length) refuse('CERTIFICATE_ENTRY_UNNAMED');
  const facility = records[`facility ${note.facility}`] ?? refuse('CERTIFICATE_ENTRY_MISSING', 'facility');
  const wanted = restsOn(facility);
  for (const name of wanted) if (!records[name]) refuse('CERTIFICATE_ENTRY_MISSING', name);
  for (const { kind, id } of note.entries) {
    if (!wanted.has(`${kind} ${id}`) && !['code', 'rights_rules'].includes(kind) && `${kind} ${id}` !== `facility ${note.facility}`) refuse('CERTIFICATE_ENTRY_UNNAMED', `${kind} ${id}`);
    const [place, inner] = [{ claim: 2, order: 3, code: 5 }[kind], records[`${kind} ${id}`]];
    if ((place && String(inner[place]?.[0]) !== note.facility) || (kind === 'code' && number(inner, 6) !== 1)) refuse('CERTIFICATE_ENTRY_OTHER', `${kind} ${id}`);
  }
  const code = record(facility[2]?.at(-1) ?? Buffer.of());
  if ((note.code ?? '0 ') !== `${number(code, 1)} ${words(code, 2)}`) refuse('CERTIFICATE_ENTRY_OTHER', 'code');
  const rights = Object.fromEntries([[7, 'supervising'], [8, 'owning'], [9, 'maintaining']].map(([field, name]) => {
    const right = record(facility[field]?.[0] ?? Buffer.of());
    const holder = records[`organization ${number(right, 1)}`];
    return [name, { state: number(right, 2), holder: holder ? words(holder, 2) : '' }];
  }));
  return { registry: note.registry, facility: note.facility, code: note.code, treeSize: note.tree_size, issued: note.issued, rights };
}

const [, , certificate, bundle] = process.argv;
try {
  const note = readFileSync(bundle, 'utf8');
  console.log(JSON.stringify(verify(readFileSync(certificate), linesOf(note.slice(0, note.lastIndexOf('\n\n') + 1)))));
} catch (error) {
  console.log(error.message);
  process.exitCode = 1;
}
