import { describeDelegatedProduct } from './delegated-conformance.ts';
import { enterpriseUnderTest } from './influxdb-3-enterprise.ts';

describeDelegatedProduct('influxdb-3-enterprise, simulated', enterpriseUnderTest());
