import { describe, expect, test } from "bun:test";
import { flags } from "./flags.ts";
import { goDurationMs } from "../../kube/object/goDuration.ts";
import { type ControllerOptions, parseControllerOptions } from "./options.ts";
import { ROUTERS, settingsOf } from "../../providers/traffic/routers.ts";
import { settingsBy } from "../../providers/traffic/settings.ts";

function options(argv: string[], env: Record<string, string> = {}): ControllerOptions {
  const parsed = parseControllerOptions(argv, env);
  if (parsed.kind !== "run") throw new Error(`expected to run, got ${JSON.stringify(parsed)}`);
  return parsed.options;
}

function warnings(argv: string[]): readonly string[] {
  const parsed = parseControllerOptions(argv, {});
  return parsed.kind === "run" ? parsed.warnings : [`not run but ${parsed.kind}`];
}

function problems(argv: string[]): readonly string[] {
  const parsed = parseControllerOptions(argv, {});
  return parsed.kind === "refused" ? parsed.problems : [`not refused but ${parsed.kind}`];
}

describe("the flags of the controller", () => {
  test("without arguments are the reference's defaults, but for the limits of requests and of concurrent work", () => {
    expect(options([])).toEqual({
      kube: {
        kubeconfig: undefined,
        context: undefined,
        cluster: undefined,
        user: undefined,
        server: undefined,
        token: undefined,
        certificateAuthority: undefined,
        clientCertificate: undefined,
        clientKey: undefined,
        tlsServerName: undefined,
        insecureSkipTlsVerify: false,
        as: undefined,
        asGroups: [],
      },
      namespaced: false,
      namespace: undefined,
      controllerNamespace: undefined,
      instanceId: "",
      resyncMs: 900_000,
      rolloutThreads: 20,
      kstatus: false,
      selfServiceNotifications: false,
      migrateDeployments: false,
      restoreDeployments: false,
      qps: Number.POSITIVE_INFINITY,
      burst: 80,
      logLevel: "info",
      logFormat: "text",
      kubeLogLevel: 0,
      metricsPort: 8090,
      healthzPort: 8080,
      metricsAddress: undefined,
      healthAddress: undefined,
      otlpEndpoint: undefined,
      profile: "default",
      leaderElect: true,
      leaseDurationMs: 15_000,
      renewDeadlineMs: 10_000,
      retryPeriodMs: 2_000,
      routing: settingsBy(settingsOf(ROUTERS), () => undefined),
      analysisAddresses: { allow: [], deny: [] },
      webhook: undefined,
    });
    expect(options([]).routing).toMatchObject({
      nginxIngressClasses: ["nginx"],
      albIngressClasses: ["alb"],
      trafficSplitVersion: "v1alpha1",
    });
  });

  test("take values behind a space or an equals sign, the last one counting", () => {
    const parsed = options(["--qps=1000", "--burst", "2000", "--instance-id", "a", "--instance-id=b", "-n", "shop"]);
    expect(parsed).toMatchObject({ qps: 1000, burst: 2000, instanceId: "b", namespace: "shop" });
  });

  test.each([
    [["--leader-elect"], true],
    [["--leader-elect=true"], true],
    [["--leader-elect=false"], false],
    [["--leader-elect=0"], false],
    [["--leader-elect=F"], false],
    [["--leader-elect=false", "--leader-elect"], true],
  ] as const)("read the boolean %j as Go does", (argv, expected) => {
    expect(options([...argv]).leaderElect).toBe(expected);
  });

  test("a boolean does not take the next argument, which the reference would silently drop", () => {
    expect(problems(["--leader-elect", "false"])).toEqual([
      'unexpected argument "false"; a boolean flag takes its value with "=", as in --leader-elect=false',
    ]);
  });

  test("a boolean between other flags leaves them alone", () => {
    expect(options(["--namespaced", "--namespace", "shop", "--kubeconfig", "--context"])).toMatchObject({
      namespaced: true,
      namespace: "shop",
      kube: { kubeconfig: "--context" },
    });
  });

  test("durations are Go's", () => {
    const parsed = options([
      "--leader-election-lease-duration=1m0s",
      "--leader-election-renew-deadline",
      "40s",
      "--leader-election-retry-period=1.5s",
    ]);
    expect(parsed).toMatchObject({ leaseDurationMs: 60_000, renewDeadlineMs: 40_000, retryPeriodMs: 1_500 });
  });

  test("with the profile edge no leader is elected, whether that is said, too, or not", () => {
    expect(options(["--profile=edge"])).toMatchObject({ profile: "edge", leaderElect: false });
    expect(options(["--profile=edge", "--leader-elect=false"])).toMatchObject({ profile: "edge", leaderElect: false });
  });

  test("a negative --qps lifts the limit", () => {
    expect(options(["--qps", "-1"]).qps).toBe(Number.POSITIVE_INFINITY);
  });

  test("groups to impersonate add up", () => {
    expect(options(["--as=me", "--as-group=a", "--as-group", "b"]).kube).toMatchObject({
      as: "me",
      asGroups: ["a", "b"],
    });
  });

  test("classes of Ingresses add up, and take the place of the default", () => {
    const parsed = options(["--nginx-ingress-classes=nginx", "--nginx-ingress-classes", "edge,x", "--as-group=a"]);
    expect(parsed.routing).toMatchObject({ nginxIngressClasses: ["nginx", "edge,x"], albIngressClasses: ["alb"] });
    expect(options([]).routing.nginxIngressClasses).toEqual(["nginx"]);
  });

  test("the Lease's namespace comes from POD_NAMESPACE", () => {
    expect(options([], { POD_NAMESPACE: "rollouts" }).controllerNamespace).toBe("rollouts");
    expect(options([], { POD_NAMESPACE: "" }).controllerNamespace).toBeUndefined();
  });

  test.each([
    ["--namespace", "a/b"],
    ["--namespace", ".."],
    ["--instance-id", "a,b"],
    ["--webhook-service", "Web#"],
  ])("%s may not be %j, which is no name: it goes into paths and selectors", (flag, value) => {
    expect(problems([`${flag}=${value}`, "--webhook-port=9443"])).toEqual([
      expect.stringContaining(`${flag} is "${value}": `) as string,
    ]);
  });

  test("logrus' levels are mapped to ours", () => {
    expect(options(["--loglevel=WARNING", "--logformat=JSON"])).toMatchObject({ logLevel: "warn", logFormat: "json" });
    expect(options(["--loglevel=trace"]).logLevel).toBe("debug");
    expect(options(["--loglevel=fatal"]).logLevel).toBe("error");
  });
});

describe("flags that do nothing here", () => {
  test("are taken from a Deployment of the reference with one warning that names them", () => {
    const given = ["--analysis-threads", "5", "--disable-compression", "--qps=50"];
    expect(warnings(given)).toEqual([
      "These flags have no effect in this version: --analysis-threads, --disable-compression",
    ]);
  });

  test("still have their kind checked", () => {
    expect(problems(["--analysis-threads=many"])).toEqual([
      "option '--analysis-threads <int>' argument 'many' is invalid. It must be a whole number.",
    ]);
  });

  test("a deprecated name works and is said to be deprecated", () => {
    expect(options(["--metricsport=9000"]).metricsPort).toBe(9000);
    expect(warnings(["--metricsport=9000"])).toEqual(["--metricsport is deprecated: use --metricsPort"]);
  });

  test("a namespace that is not watched alone is warned of", () => {
    expect(warnings(["--namespace=shop"])).toEqual(["--namespace has no effect without --namespaced: all are watched"]);
  });

  test("an unknown log format falls back to text, with a warning", () => {
    expect(warnings(["--logformat=xml"])).toEqual(['--logformat is "xml": using text']);
  });
});

describe("arguments that cannot be right", () => {
  test.each([
    [["--metricPort=1"], "unknown option '--metricPort=1'\n(Did you mean --metricsPort?)"],
    [["--qps"], "option '--qps <number>' argument missing"],
    [["--qps=fast"], "option '--qps <number>' argument 'fast' is invalid. It must be a number."],
    [["--leader-elect=maybe"], "option '--leader-elect [bool]' argument 'maybe' is invalid. It must be true or false."],
    [
      ["--leader-election-retry-period=2"],
      "option '--leader-election-retry-period <duration>' argument '2' is invalid. " +
        'It must be a duration with a unit, such as "15s" or "1m30s".',
    ],
    [["--healthzPort=70000"], "--healthzPort is 70000: use 0 to 65535"],
    [["--healthzPort=9000", "--metricsPort=9000"], "--metricsPort and --healthzPort are both 9000"],
    [
      ["--traffic-split-api-version=v1"],
      '--traffic-split-api-version is "v1": use v1alpha1, v1alpha2, v1alpha3, v1alpha4',
    ],
    [["--loglevel=loud"], '--loglevel is "loud": use debug, info, warn or error'],
    [["--controllers=analysis"], "--controllers is not supported: Sluice runs every part; leave the flag out"],
    [["--webhook-port=8080"], "--healthzPort and --webhook-port are both 8080"],
    [
      ["--health-bind-address=localhost"],
      '--health-bind-address is "localhost": use an IP address of this machine, such as 127.0.0.1',
    ],
    [
      ["--namespaced", "--namespace=a/b"],
      '--namespace is "a/b": use at most 63 of a-z, 0-9 and "-", with a letter or a digit at both ends',
    ],
    [
      ["--instance-id=a/../b"],
      '--instance-id is "a/../b": use at most 63 of a-z, 0-9, "-" and ".", with a letter or a digit at both ends',
    ],
    [
      ["--analysis-allow-address=127.0.0.1", "--analysis-allow-address=metrics.example"],
      '--analysis-allow-address is "metrics.example": use an IP address or a range of them, such as 10.1.2.3, 10.0.0.0/8 or fd00::/8',
    ],
    [
      ["--analysis-deny-address=10.0.0.0/33"],
      '--analysis-deny-address is "10.0.0.0/33": use an IP address or a range of them, such as 10.1.2.3, 10.0.0.0/8 or fd00::/8',
    ],
    [
      ["--leader-election-lease-duration=10s"],
      "--leader-election-lease-duration must be more than --leader-election-renew-deadline",
    ],
    [
      [
        "--leader-election-lease-duration=6s",
        "--leader-election-renew-deadline=5s",
        "--leader-election-retry-period=1s",
      ],
      "--leader-election-lease-duration must be at least 7s: a write may take 5 s, and is only sent while the Lease is valid for longer",
    ],
    [["--profile=tiny"], '--profile is "tiny": use default or edge'],
    [["--profile=edge", "--leader-elect"], "--leader-elect with --profile=edge: that takes no Lease; leave one out"],
  ])("%j is refused in a sentence", (argv, sentence) => {
    expect(problems(argv)).toEqual([sentence]);
  });

  test("are refused with exit code 1 and all that is wrong with their values", () => {
    expect(parseControllerOptions(["--burst=0", "--rollout-resync=0"], {})).toEqual({
      kind: "refused",
      problems: ["--rollout-resync must be at least 1 second", "--burst must be at least 1"],
      exitCode: 1,
    });
  });
});

test("addresses of metrics are lists", () => {
  const given = [
    "--analysis-allow-address=127.0.0.1",
    "--analysis-deny-address",
    "10.0.0.0/8",
    "--analysis-deny-address=::/0",
  ];
  expect(options(given).analysisAddresses).toEqual({ allow: ["127.0.0.1"], deny: ["10.0.0.0/8", "::/0"] });
});

test("two ports may be the same on different addresses", () => {
  const given = ["--healthzPort=9000", "--metricsPort=9000", "--health-bind-address=127.0.0.1"];
  expect(problems(given)).toEqual(["--metricsPort and --healthzPort are both 9000"]);
  expect(options([...given, "--metrics-bind-address=::1"])).toMatchObject({
    healthAddress: "127.0.0.1",
    metricsAddress: "::1",
  });
});

describe("the webhook's flags", () => {
  const example = "write it like https://host:8443";
  test.each([
    ["host:8443", `--webhook-url is "host:8443", without a scheme: ${example}`],
    [
      "http://host:8443",
      `--webhook-url is "http://host:8443": the API server calls webhooks by https only, so ${example}`,
    ],
    ["https://", `--webhook-url is "https://", which is not an address: ${example}`],
    ["https://host:99999", `--webhook-url is "https://host:99999", which is not an address: ${example}`],
    ["https://me:pw@host", '--webhook-url is "https://[redacted]@host": Kubernetes allows no user or password in it'],
    ["https://host/a?b=c", '--webhook-url is "https://host/a?b=c": Kubernetes allows no query in it'],
    ["https://host#a", '--webhook-url is "https://host#a": Kubernetes allows no fragment in it'],
    [
      "https://[::1]:8443",
      '--webhook-url is "https://[::1]:8443": the certificate of Sluice can name hosts and IPv4 addresses only',
    ],
    ["https://host:0", '--webhook-url is "https://host:0": nobody listens on port 0'],
  ])("refuse the address %j as Kubernetes would, before anything starts", (url, sentence) => {
    expect(problems(["--webhook-port=8443", `--webhook-url=${url}`])).toEqual([sentence]);
  });

  test.each(["https://host", "https://host:8443/", "https://192.168.1.7:8443/path"])("take the address %j", (url) => {
    expect(options(["--webhook-port=8443", `--webhook-url=${url}`]).webhook).toMatchObject({ url });
  });

  test.each([
    [["--webhook-url=https://host"], "--webhook-url without --webhook-port: no webhook is served"],
    [
      ["--webhook-service=a", "--webhook-failure-policy=Fail"],
      "--webhook-service, --webhook-failure-policy without --webhook-port: no webhook is served",
    ],
    [
      ["--webhook-port=1", "--webhook-url=https://host", "--webhook-service=a"],
      "--webhook-url and --webhook-service are both given: the API server takes one of the two ways",
    ],
  ])("are not ignored in silence: %j", (argv, sentence) => {
    expect(problems(argv)).toEqual([sentence]);
  });

  test("Fail by an address is done, and warned of", () => {
    expect(warnings(["--webhook-port=1", "--webhook-url=https://host", "--webhook-failure-policy=Fail"])).toEqual([
      expect.stringContaining("nobody can create Rollouts or change their specs until it is back"),
    ]);
  });

  test("that are empty count as left out, as a chart writes them", () => {
    expect(options(["--webhook-url=", "--webhook-failure-policy="]).webhook).toBeUndefined();
  });
});

describe("asking instead of running", () => {
  test("--version asks for the version", () => {
    expect(parseControllerOptions(["--version"], {})).toEqual({ kind: "version" });
  });

  test("--help explains the flags that do something", () => {
    const parsed = parseControllerOptions(["--help"], {});
    if (parsed.kind !== "help") throw new Error(parsed.kind);
    expect(parsed.text).toContain("--leader-elect");
    expect(parsed.text).not.toContain("--analysis-threads");
  });

  test("--help has the flags under headings, with examples, in 80 columns", () => {
    const parsed = parseControllerOptions(["--help"], {});
    if (parsed.kind !== "help") throw new Error(parsed.kind);
    const headings = Array.from(parsed.text.matchAll(/^[A-Z][\w ]+:$/gm), ([heading]) => heading);
    expect(headings).toEqual([
      "API server:",
      "Which Rollouts:",
      "Pace:",
      "Log:",
      "Ports:",
      "Traces:",
      "Leader election:",
      "Traffic routers:",
      "Analysis:",
      "Admission webhook:",
      "Other:",
      "Examples:",
    ]);
    expect(parsed.text.split("\n").filter((line) => line.length > 80)).toEqual([]);
    const shown = flags.filter(({ deprecated }) => deprecated === undefined);
    expect(shown.filter(({ name }) => !new RegExp(`--${name}\\s`).test(parsed.text))).toEqual([]);
  });

  test("the table in docs/controller.md has every flag with its default", async () => {
    const page = (await Bun.file(new URL("../../docs/controller.md", import.meta.url)).text()).replaceAll(/ +/g, " ");
    const missing = flags
      .filter(({ deprecated }) => deprecated === undefined)
      .map(({ name, value }) => `| \`--${name}\` | ${value === undefined || value === "" ? "" : `\`${value}\` `}|`)
      .filter((row) => !page.includes(row));
    expect(missing, "add these rows to the flags table of docs/controller.md").toEqual([]);
  });
});

test.each([
  ["0", 0],
  ["15s", 15_000],
  ["1h2m3.5s", 3_723_500],
  ["300ms", 300],
  [".5m", 30_000],
  ["-2s", -2_000],
  ["15", undefined],
  ["", undefined],
  ["1 s", undefined],
  ["1d", undefined],
  ["s", undefined],
])("the Go duration %j is %p ms", (text, ms) => {
  expect(goDurationMs(text)).toBe(ms);
});
