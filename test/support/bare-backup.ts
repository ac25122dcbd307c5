import { toJson } from '../../activities/catalog/json.ts';
import type { Manifest, ObjectLine } from '../../activities/catalog/manifest.ts';
import { writeObjects } from '../../activities/catalog/objects.ts';
import type { Store } from '../../activities/stores/store.ts';

/** Commits a backup of the target `metrics` that holds nothing, or the lines alone. */
export async function commitBare(
  store: Store,
  id: string,
  more: Partial<Manifest> = {},
  lines: ObjectLine[] = [],
): Promise<void> {
  const time = '2026-11-20T02:00:00Z';
  const manifest: Manifest = {
    format: 1,
    holdfast: '0.1.0',
    id,
    target: 'metrics',
    product: { name: 'influxdb-v2', version: '2.9.1', identity: '' },
    kind: 'streamed',
    run: { workflowId: 'backup/metrics/x', runId: 'x', attempt: 1 },
    times: { started: time, captured: { from: time, to: time }, completed: time },
    totals: { artifacts: 0, objects: 0, storedBytes: 0, plainBytes: 0, newBytes: 0 },
    objects: await writeObjects(store, `metrics/${id}/`, lines),
    encryption: null,
    state: 'ok',
    note: null,
    tags: {},
    warnings: [],
    detail: {},
    ...more,
  };
  await store.put(`metrics/${id}/backup.json`, toJson(manifest));
}
