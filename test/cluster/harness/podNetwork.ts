/**
 * The addresses of the fake nodes' pods: 10.N.0.0/16, with another N for each process, so that several runs on one
 * machine may make their pods' addresses real (test/dataplane/podAddresses.ts).
 */
const second = 100 + Math.floor(Math.random() * 150);

export const podNetwork = {
  cidr: `10.${second}.0.0/16`,
  /** As the fake kubelet counts addresses, from 10.0.0.0. */
  firstAddress: second * 65_536 + 1,
} as const;
