// An EHR's day by fhir-kit-client: find the patient, latest values, all heart rates page by page,
// what belongs to them, their history, and an export. Prints what it found as JSON.

const [library, base, token, mrn, wanted] = process.argv.slice(2);
const { Client } = await import(library);
const client = new Client({ baseUrl: base, bearerToken: token });

const ids = (bundle) => (bundle.entry ?? []).map((entry) => entry.resource.id);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function findPatient() {
  const found = await client.search({ resourceType: 'Patient', searchParams: { identifier: mrn } });
  return ids(found)[0];
}

async function latest(patient) {
  const input = { patient: `Patient/${patient}`, category: 'vital-signs', max: 1 };
  const found = await client.operation({ name: '$lastn', resourceType: 'Observation', method: 'GET', input });
  return ids(found);
}

async function everyHeartRate(patient) {
  const searchParams = { patient, code: 'http://loinc.org|8867-4', _count: 200, _sort: '-date' };
  let page = await client.search({ resourceType: 'Observation', searchParams });
  const all = [];
  while (page) {
    all.push(...ids(page));
    page = await client.nextPage({ bundle: page });
  }
  return all;
}

async function withPatient(name) {
  const searchParams = { _id: name, _include: 'Observation:subject' };
  const found = await client.search({ resourceType: 'Observation', searchParams });
  return found.entry.map((entry) => [entry.search.mode, entry.resource.id]);
}

async function amended(name) {
  const resource = await client.read({ resourceType: 'Observation', id: name });
  const jsonPatch = [{ op: 'add', path: '/note', value: [{ text: 'seen by the EHR' }] }];
  await client.patch({ resourceType: 'Observation', id: name, jsonPatch });
  const history = await client.history({ resourceType: 'Observation', id: name });
  const versions = history.entry.map((entry) => Number(entry.resource.meta.versionId));
  return { before: Number(resource.meta.versionId), versions };
}

async function exported() {
  const headers = { Prefer: 'respond-async', Accept: 'application/fhir+json' };
  const kickOff = await client.request('$export?_type=Patient,Observation', { options: { headers } });
  const { response } = Client.httpFor(kickOff);
  const place = response.headers.get('content-location');
  const authorization = { Authorization: `Bearer ${token}` };
  for (let turn = 0; turn < 300; turn += 1) {
    const status = await fetch(place, { headers: { ...authorization, Accept: 'application/json' } });
    if (status.status === 200) {
      const counts = {};
      for (const file of (await status.json()).output) {
        const lines = (await (await fetch(file.url, { headers: authorization })).text()).trim().split('\n');
        const right = lines.every((line) => JSON.parse(line).resourceType === file.type);
        counts[file.type] = (counts[file.type] ?? 0) + (right ? lines.length : Number.NaN);
      }
      return counts;
    }
    if (status.status !== 202) throw new Error(`export: ${status.status} ${await status.text()}`);
    await pause(500);
  }
  throw new Error('the export does not end');
}

const patient = await findPatient();
const day = {
  patient,
  latest: await latest(patient),
  heartRates: await everyHeartRate(patient),
  included: await withPatient(wanted),
  amended: await amended(wanted),
  exported: await exported(),
};
process.stdout.write(JSON.stringify(day));
