import { describeProduct } from '../products/conformance.ts';
import { influxdbV2UnderTest } from '../products/influxdb-v2.ts';
import { startInfluxd } from '../support/influxd.ts';

describeProduct('influxdb-v2, real', influxdbV2UnderTest(startInfluxd));
