// A registry used from Node by generated code: client.cjs ADDRESS TOKEN GENERATED
'use strict';
const assert = require('node:assert/strict');
const { createHash } = require('node:crypto');
const { once } = require('node:events');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');

const [address, token, generated] = process.argv.slice(2);
const load = (name) => require(path.join(generated, 'yima/v1', name));
const clientOf = (service, file) =>
  new (load(`${file}.grpc-client`)[service])(address, grpc.credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 });
const { Verdict, CodeState } = load('code');
const registry = clientOf('RegistryServiceClient', 'registry_service');
const issuance = clientOf('IssuanceServiceClient', 'issuance_service');
const resolver = clientOf('ResolverServiceClient', 'resolver_service');
const log = clientOf('LogServiceClient', 'log_service');
const asAdmin = new grpc.Metadata();
asAdmin.set('authorization', `Bearer ${token}`);
const rows = 250;
const numbers = [...Array(rows).keys()];

/** A message with what is given, all else as proto3 has it. */
const message = (file, type, value) => load(file)[type].create(value);
const unary = (client, method, request, metadata = new grpc.Metadata()) =>
  new Promise((done, fail) => client[method](request, metadata, (error, answer) => (error ? fail(error) : done(answer))));

async function all(stream) {
  const messages = [];
  for await (const each of stream) messages.push(each);
  return messages;
}

/** Writes no faster than the other side takes. */
async function exchange(stream, messages) {
  const answers = all(stream);
  for (const each of messages) if (!stream.write(each)) await once(stream, 'drain');
  stream.end();
  return answers;
}

/** In runs of so many. */
function* runs(list, size) {
  for (let at = 0; at < list.length; at += size) yield list.slice(at, at + size);
}

async function importLedger() {
  const ofFile = (type, value) => message('registry_service', type, value);
  const header = ofFile('ImportHeader', { requestId: 'js-import', source: 'js', createOrganizations: true, assignCodes: true, keyNamespace: 'js' });
  const row = (n) => ofFile('ImportRow', {
    line: BigInt(n + 2), supervisor: '城管局',
    facility: message('facility', 'Facility', {
      division: '140502', classCode: '01003', externalCodes: [{ namespace: 'js', value: `J-${n}` }] }) });
  const messages = [ofFile('ImportFacilitiesRequest', { header, rows: [] })];
  for (const run of runs(numbers, 100)) messages.push(ofFile('ImportFacilitiesRequest', { rows: run.map(row) }));
  const { report } = (await exchange(registry.importFacilities(asAdmin), messages)).at(-1);
  assert.equal(report.created, BigInt(rows));
  return report.batch;
}

async function issue(batch) {
  const filter = message('registry_service', 'FacilityFilter', { batch });
  const request = message('issuance_service', 'IssueCodesRequest', { requestId: 'js-issue', target: { oneofKind: 'filter', filter } });
  const texts = (await all(issuance.issueCodes(request, asAdmin))).flatMap((each) => each.codes).map((code) => code.text);
  assert.equal(new Set(texts).size, rows);
  return texts;
}

async function resolve(texts) {
  const requests = texts.map((text) => message('resolver_service', 'ResolveRequest', { text }));
  const one = await unary(resolver, 'resolve', requests[0]);
  assert.deepEqual([one.verdict, one.state], [Verdict.AUTHENTIC, CodeState.ACTIVE]);
  const messages = [...runs(requests, 40)].map((run) => message('resolver_service', 'StreamResolveRequest', { requests: run }));
  const answers = (await exchange(resolver.streamResolve(asAdmin), messages)).flatMap((each) => each.responses);
  assert.deepEqual(answers.map((each) => each.facility.externalCodes[0].value), numbers.map((n) => `J-${n}`));
}

/** Messages of a watch after a token until one is enough; the stream is left then. */
async function watched(after, enough) {
  const stream = registry.watch(message('registry_service', 'WatchRequest', { after }), asAdmin);
  const messages = [];
  try {
    for await (const each of stream) {
      messages.push(each);
      if (enough(each)) break;
    }
  } finally {
    stream.on('error', () => {});
    stream.cancel();
  }
  return messages;
}

/** Every entry from the first on, over a stream that is left after its first message and begun again by its token. */
async function watch() {
  const changes = [];
  let last = { next: '1-0', caughtUp: false };
  while (!last.caughtUp) {
    [last] = await watched(last.next, () => true);
    changes.push(...last.changes);
  }
  assert.deepEqual(changes.map((change) => change.index), [...changes.keys()].map(BigInt));
  const facilities = changes.flatMap(({ record }) => (record.oneofKind === 'facility' ? [record.facility] : []));
  assert.equal(new Set(facilities.flatMap((each) => each.externalCodes.map((code) => code.value))).size, rows);

  const made = message('registry_service', 'CreateOrganizationRequest', {
    requestId: 'js-watched', input: message('registry_service', 'OrganizationInput', { organization: message('organization', 'Organization', { name: '路灯所' }) }) });
  let asked = false;
  const told = await watched(last.next, ({ changes: [change] }) => {
    if (!asked) unary(registry, 'createOrganization', made, asAdmin);
    asked = true;
    return change !== undefined;
  });
  const [change] = told.at(-1).changes;
  assert.deepEqual([change.index, change.record.organization.name], [BigInt(changes.length), '路灯所']);
  await assert.rejects(watched('1-999999', () => true), { code: grpc.status.OUT_OF_RANGE });
}

/** Root and size of the first signed tree that is no smaller. */
async function checkpoint(size) {
  for (let attempt = 0; attempt < 600; ++attempt) {
    try {
      const { note } = await unary(log, 'getCheckpoint', message('log_service', 'GetCheckpointRequest', {}));
      const [, entries, root] = note.split('\n');
      if (Number(entries) >= size) return [Number(entries), Buffer.from(root, 'base64')];
    } catch (error) {
      assert.equal(error.code, grpc.status.UNAVAILABLE, error.message);
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error('the log does not grow');
}

const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts)).digest();
const node = (left, right) => sha256(Buffer.of(1), left, right);

/** RFC 9162 2.1.3.2: the root that an inclusion proof comes to. */
function rootBy(leaf, index, size, proof) {
  let last = size - 1;
  let root = leaf;
  for (const sibling of proof) {
    assert(last > 0, 'the proof is too long');
    if (index % 2 || index === last) {
      root = node(sibling, root);
      while (index && !(index % 2)) [index, last] = [index >> 1, last >> 1];
    } else {
      root = node(root, sibling);
    }
    [index, last] = [index >> 1, last >> 1];
  }
  assert.equal(last, 0, 'the proof is too short');
  return root;
}

async function checkLog() {
  const [size, root] = await checkpoint(2 * rows);
  for (const index of [0, 1, size >> 1, size - 1]) {
    const asked = message('log_service', 'GetInclusionProofRequest', { index: BigInt(index), size: BigInt(size) });
    const proof = await unary(log, 'getInclusionProof', asked);
    const entries = message('log_service', 'GetEntryBundleRequest', { index: BigInt(index >> 8), width: (index % 256) + 1 });
    let bundle = Buffer.from((await unary(log, 'getEntryBundle', entries, asAdmin)).bundle);
    for (let i = 0; i < index % 256; ++i) bundle = bundle.subarray(2 + bundle.readUInt16BE());
    assert.deepEqual(Buffer.from(proof.leafHash), sha256(Buffer.of(0), bundle.subarray(2)));
    assert.deepEqual(rootBy(proof.leafHash, index, size, proof.hashes), root);
    assert.notDeepEqual(rootBy(sha256(Buffer.from('\0forged')), index, size, proof.hashes), root);
  }
}

async function main() {
  await resolve(await issue(await importLedger()));
  await watch();
  await checkLog();
  for (const client of [registry, issuance, resolver, log]) client.close();
  console.log('node is served');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
