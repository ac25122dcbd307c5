import { sees } from '../access.ts';
import { type Exchange, readJson, Refusal, sendJson, sendNothing } from '../exchange.ts';
import { type Label, newId } from '../state.ts';
import { strikes } from '../switches.ts';

export function listLabels(exchange: Exchange): void {
  const orgID = exchange.url.searchParams.get('orgID');
  const labels = exchange.state.metadata.labels.filter(
    (label) => sees(exchange, label.orgID) && (orgID === null || label.orgID === orgID),
  );
  sendJson(exchange, 200, { links: { self: '/api/v2/labels' }, labels });
}

export async function createLabel(exchange: Exchange): Promise<void> {
  const { metadata } = exchange.state;
  if (strikes(exchange.switches, 'labelRefused')) throw new Error('the label was refused');
  const { orgID = '', name = '' } = await readJson<Label>(exchange.request);
  if (metadata.labels.some((label) => label.orgID === orgID && label.name === name)) {
    throw new Refusal('conflict', `label with name ${name} already exists`);
  }
  const label = { id: newId(), orgID, name };
  metadata.labels.push(label);
  sendJson(exchange, 201, { links: { self: `/api/v2/labels/${label.id}` }, label });
}

export function deleteLabel(exchange: Exchange): void {
  const { metadata } = exchange.state;
  const label = metadata.labels.find(({ id }) => id === exchange.parts[0]);
  if (!label) throw new Refusal('not found', 'label not found');
  metadata.labels = metadata.labels.filter((other) => other !== label);
  sendNothing(exchange.response);
}
