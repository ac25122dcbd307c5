import { startInfluxSimulator } from '../simulators/influxdb-v2/index.ts';
import { describeProduct } from './conformance.ts';
import { influxdbV2UnderTest } from './influxdb-v2.ts';

describeProduct(
  'influxdb-v2, simulated',
  influxdbV2UnderTest((setup) => startInfluxSimulator({ setup })),
);
