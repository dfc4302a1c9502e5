// A verifier written from codegen/FORMAT.md alone, on Node's own crypto.
// `node verify.mjs CODES.json` runs vectors; exit code 1 when one disagrees.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

const P = 2n ** 255n - 19n;
const Y8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
const SMALL = new Set([0n, 1n, P - 1n, Y8, P - Y8]);

/** Little-endian y without its sign bit is below p and not that of a point of small order. */
function soundPoint(bytes) {
  const y = BigInt('0x' + Buffer.from(bytes).reverse().toString('hex')) & (2n ** 255n - 1n);
  return y < P && !SMALL.has(y);
}

/** Node refuses S ≥ L itself, but not points of small order. */
function ed25519(key, message, signature) {
  if (!soundPoint(key) || !soundPoint(signature.subarray(0, 32))) return false;
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key]);
  return verify(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature);
}

/** The lines of a signed note as [name, words], if one of the keys signed it. */
function openNote(note, keys) {
  const split = note.lastIndexOf('\n\n');
  const text = note.slice(0, split + 1);
  for (const line of note.slice(split + 2).split('\n')) {
    const [, name, base64] = /^— ([^ +]+) (\S+)$/u.exec(line) ?? [, '', ''];
    const blob = Buffer.from(base64, 'base64');
    for (const key of keys) {
      const named = Buffer.concat([Buffer.from(name + '\n\x01'), key]);
      const hash = createHash('sha256').update(named).digest().subarray(0, 4);
      if (hash.equals(blob.subarray(0, 4)) && ed25519(key, Buffer.from(text), blob.subarray(4))) {
        return text.trimEnd().split('\n').map((l) => [l.split(' ')[0], l.split(' ').slice(1)]);
      }
    }
  }
  throw new Error('no key held has signed this note');
}

const day = (date) => Math.floor((Date.parse(date) - Date.parse('2020-01-01')) / 86400000);
function openTrust(root, bundleNote, listNote) {
  const bundle = openNote(bundleNote, [Buffer.from(root, 'hex')]);
  const all = (wanted) => bundle.filter(([name]) => name === wanted).map(([, words]) => words);
  const origins = new Map(all('origin').map((w) => [w[0], { lost: w[1] === 'lost', keys: new Map() }]));
  for (const [origin, id, algorithm, key, first, last, status] of all('key')) {
    if (algorithm !== 'ed25519') continue; // of another format
    const held = { key: Buffer.from(key, 'hex'), first: day(first), last: day(last), revoked: status === 'revoked' };
    origins.get(origin).keys.set(Number(id), held);
  }
  const list = openNote(listNote, all('status').map((w) => Buffer.from(w[0], 'hex')));
  const states = new Map();
  for (const kind of ['suspended', 'revoked', 'replaced']) {
    let serial = 0n;
    const deltas = list.filter(([name]) => name === kind).flatMap(([, words]) => words);
    for (const delta of deltas) states.set((serial += BigInt(delta)), kind.toUpperCase());
  }
  return { origins, states, issued: day(all('issued')[0][0]) };
}

const LABELS = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*';
const SHAPE = new RegExp(`^([Hh][Tt][Tt][Pp][Ss]://${LABELS}(?::([1-9][0-9]{0,4}))?/(?:[0-9A-Za-z-]{1,16}/)*)([0-9]+)$`);
const fold = (text) => text.replace(/[a-z]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 32));

function split(text) {
  const [, origin, port, digits] = SHAPE.exec(text) ?? [];
  if (!origin || origin.length < 12 || origin.length > 64 || Number(port) > 65535 || port === '443') return undefined;
  return { origin: fold(origin), digits };
}

function decodeBody(digits) {
  if (digits.length !== 203) return undefined;
  let hex = '';
  for (let at = 1; at < 203; at += 17) {
    const block = digits.slice(at, at + 17);
    const size = block.length === 17 ? 14 : 12;
    const value = BigInt(block).toString(16).padStart(size, '0');
    if (value.length > size) return undefined;
    hex += value;
  }
  return Buffer.from(hex, 'hex');
}

function codeFits(scheme, code) {
  const width = BigInt({ 1: 16, 2: 17 }[scheme] ?? scheme - 100);
  return code < 10n ** width && (scheme > 100 || code >= 10n ** (width - 1n));
}

function judge(trust, text) {
  const parts = split(text);
  if (!parts) return { step: 1, verdict: 'MALFORMED', foreign: ![...trust.origins.keys()].some((o) => fold(text).startsWith(o)) };
  const origin = trust.origins.get(parts.origin);
  const say = (step, verdict, more) => ({ step, verdict, origin_lost: origin?.lost, ...more });
  if (parts.digits[0] !== '1') return say(2, origin ? 'UNSUPPORTED' : 'UNKNOWN_ISSUER');
  const code = decodeBody(parts.digits);
  const [scheme, facility] = code ? [code[10], code.readBigUInt64BE(11)] : [];
  if (!code || (scheme === 0 && facility !== 0n)) return say(3, 'MALFORMED');
  if (!origin) return say(4, 'UNKNOWN_ISSUER');
  const key = origin.keys.get(code.readUInt16BE(0));
  const issued = code.readUInt16BE(8);
  if (!key || issued < key.first || issued > key.last) return say(5, 'UNKNOWN_KEY', { refresh_trust: issued > trust.issued });
  const message = Buffer.concat([Buffer.from(`yima-code-v1\0${parts.origin}\0`), code.subarray(0, 19)]);
  if (!ed25519(key.key, message, code.subarray(19))) return say(6, 'FORGED');
  if (key.revoked) return say(7, 'KEY_REVOKED');
  if (![0, 1, 2].includes(scheme) && (scheme < 101 || scheme > 118)) return say(8, 'UNSUPPORTED');
  if (scheme !== 0 && !codeFits(scheme, facility)) return say(9, 'MALFORMED');
  return say(10, 'AUTHENTIC', { state: trust.states.get(BigInt(code.readUIntBE(2, 6))) ?? 'NOT_LISTED' });
}

const file = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const trust = openTrust(file.root, file.bundle, file.list);
const blank = { state: '', foreign: false, refresh_trust: false, origin_lost: false };
const wrong = file.vectors.filter(({ name, text, ...wanted }) => {
  const got = judge(trust, text);
  return Object.keys(wanted).some((field) => (got[field] ?? blank[field]) !== wanted[field]);
});
for (const { text, ...wanted } of wrong) console.log(JSON.stringify({ wanted, got: judge(trust, text) }));
console.log(`${file.vectors.length - wrong.length} of ${file.vectors.length} vectors agree`);
process.exit(wrong.length === 0 && file.vectors.length > 0 ? 0 : 1);
