/**
 * A router's row: its traits in the API (traits.ts), and how it is driven, where it is. Driving is pure functions: from
 * the traffic that a Rollout wants, and the objects as they are, to the writes that bring these in line. A router reads
 * no clock, sends no request and changes nothing that it is given; the caller carries the writes out. One file a
 * router, one line in routers.ts (docs/behaviour/traffic.md#routers).
 */
import type { EventReason } from "../../schema/reasons.ts";
import type { ObjectMeta, Resource } from "../../schema/kube.ts";
import type { AlbStatus, Rollout, SetHeaderRoute, SetMirrorRoute } from "../../schema/rollout.ts";
import type { Answered, Inquiry } from "./elb/inquiry.ts";
import type { RouterSetting, RouterSettings } from "./settings.ts";
import type { RouterTraits } from "./traits.ts";

/** The traffic that a Rollout wants at this moment. Weights are whole numbers out of `total`. */
export interface Traffic {
  /** Pod template hashes of the two revisions, "" where there is none. */
  readonly canaryHash: string;
  readonly stableHash: string;
  readonly canaryWeight: number;
  /** `maxTrafficWeight`, 100 by default. */
  readonly total: number;
  /** Services of a running experiment. */
  readonly additional: readonly {
    readonly serviceName: string;
    readonly podTemplateHash: string;
    readonly weight: number;
  }[];
  /**
   * Routes of `managedRoutes` that are in force, in that order; a router removes the others of that list. `match` has
   * at least one member (docs/behaviour/traffic.md#header-and-mirror-routes).
   */
  readonly routes: readonly ManagedRoute[];
  /**
   * A client that has this cookie goes to the canary, whatever the weights are; the answers of those that the weights
   * send there set it. Absent: nothing of it is left, of whichever version (docs/behaviour/traffic.md#session-affinity).
   */
  readonly affinity?: Affinity;
}

/** A cookie; `value` is the canary's pod template hash, `maxAge` is in seconds. */
export interface Affinity {
  readonly cookieName: string;
  readonly value: string;
  readonly maxAge: number;
}

/** Requests that go to the canary, or are copied to it, whatever the weights are. */
export type ManagedRoute =
  | { readonly kind: "header"; readonly name: string; readonly match: NonNullable<SetHeaderRoute["match"]> }
  | {
      readonly kind: "mirror";
      readonly name: string;
      readonly match: NonNullable<SetMirrorRoute["match"]>;
      readonly percentage: number;
    };

/** What canary and experiments leave of the total; 0 if they ask for more than that. */
export const stableWeight = ({
  total,
  canaryWeight,
  additional,
}: Pick<Traffic, "total" | "canaryWeight" | "additional">): number =>
  Math.max(
    0,
    additional.reduce((left, { weight }) => left - weight, total - canaryWeight),
  );

export interface RoutedResource extends Resource {
  readonly kind: string;
  /** The router reads the status of its objects, too. */
  readonly hasStatus?: true;
  /**
   * One kind in several API groups has the same text here: one of them has to be served, and the others count as kinds
   * without objects while they are not.
   */
  readonly alternative?: string;
  /**
   * All objects are read while a Rollout needs the kind, since another object says which ones it needs: `reads` names one
   * without a name, `readsFurther` the others.
   */
  readonly isWhole?: true;
  /** Its objects have no namespace: "" stands for it. */
  readonly isClusterScoped?: true;
  /** Nothing is wrong where the kind is not served or may not be read: it counts as one without objects. */
  readonly isOptional?: true;
}

export interface ObjectRef {
  readonly resource: RoutedResource;
  readonly namespace: string;
  readonly name: string;
}

/**
 * An object as the API server has it. A cache may leave out `metadata.managedFields` and kubectl's last-applied
 * annotation: no router reads them, and members that a patch does not name stay.
 */
export interface RoutedObject {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
  readonly spec?: unknown;
  /** Of resources with `hasStatus`. */
  readonly status?: unknown;
}

/** All objects of a kind in a namespace, or all that have none. */
export type ObjectList = Omit<ObjectRef, "name">;

export interface RoutingInput {
  readonly rollout: Rollout;
  readonly traffic: Traffic;
  readonly settings: RouterSettings;
  /** As the API server last returned it; undefined when it does not exist. */
  readonly object: (ref: ObjectRef) => RoutedObject | undefined;
  /** In the order of their names; of a list that the router has in `lists`. */
  readonly objects?: (list: ObjectList) => readonly RoutedObject[];
  /** What load balancers have answered to the question of this key; absent: nobody asks them. */
  readonly answers?: (key: string) => Answered | undefined;
}

/** An event on the Rollout. */
export interface RouterEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: EventReason;
  readonly message: string;
}

/** RFC 7386: members to set, null for those to remove. */
export type MergePatch = Readonly<Record<string, unknown>>;

interface WriteTexts {
  /** Emitted when the write is made. */
  readonly event?: RouterEvent;
  /** Emitted before `event`, where one write does several things that are told apart. */
  readonly earlier?: readonly RouterEvent[];
  /** What could not be done, in case the write fails: the error reads `${failure}: ${why}`. */
  readonly failure: string;
  /** The reason of a warning of the router's own with that error, emitted before TrafficRoutingError. */
  readonly failureReason?: EventReason;
  /** It relies on the writes before it: where one of these has failed, it is left for the next pass. */
  readonly relies?: true;
}

/**
 * One write. When a name that is to be created turns out to be taken, the object is read and the router called again.
 * A patch holds for `resourceVersion` only, since it was made from that one; a deletion holds for the object of this
 * `uid`, in that version if one is named.
 */
export type RoutedWrite =
  | ({ readonly kind: "create"; readonly ref: ObjectRef; readonly object: RoutedObject } & WriteTexts)
  | ({
      readonly kind: "patch";
      readonly ref: ObjectRef;
      readonly resourceVersion: string;
      readonly patch: MergePatch;
    } & WriteTexts)
  | ({
      readonly kind: "delete";
      readonly ref: ObjectRef;
      readonly uid: string;
      readonly resourceVersion?: string;
    } & WriteTexts);

/**
 * What is left to do; no writes when everything is right already. A fault is why a part of it cannot be done: an
 * object is `missing` (its arrival leads to a new pass) or not as it must be. Its writes are carried out all the same
 * before it is reported: an abort has to reach every object that it can reach.
 */
export type RoutingPlan =
  | { readonly kind: "plan"; readonly writes: readonly RoutedWrite[] }
  | {
      readonly kind: "fault";
      readonly writes: readonly RoutedWrite[];
      /** Also the text of the event TrafficRoutingError, which every fault of routing gets. */
      readonly message: string;
      readonly missing: boolean;
      /** The router's own, emitted before it. */
      readonly event?: RouterEvent;
    };

/** The whole of what a plugin is to do for a Rollout: two that are equal ask for the same. */
export interface RouterQuestion {
  /** Its name in the configuration. */
  readonly plugin: string;
  /** What the Rollout has for it. */
  readonly config: unknown;
  readonly traffic: PluginTraffic;
}

export interface PluginTraffic extends Traffic {
  readonly stableWeight: number;
  /** "" where the Rollout names none. */
  readonly stableService: string;
  readonly canaryService: string;
  /** The names of all routes that there may be. */
  readonly managedRoutes: readonly string[];
}

/** A kind of objects that a router needs rights for, and what for: "The NGINX router writes an Ingress …". */
export interface ResourceUse {
  readonly group: string;
  readonly plural: string;
  readonly verbs: readonly ResourceVerb[];
  readonly why: { readonly verb: string; readonly what: string };
}

/** In the order in which rights are written. */
export const RESOURCE_VERBS = ["get", "list", "watch", "create", "patch", "delete"] as const;
export type ResourceVerb = (typeof RESOURCE_VERBS)[number];

/** A router of the API that this version does not drive: a Rollout that names it is held, with its title. */
export interface UndrivenRouter<Kind extends string = string> extends RouterTraits<Kind> {
  readonly route?: undefined;
}

/** An unverified weight holds the canary's step; verify is called again when an object changes, and after a while. */
export type Verification = Verdict & Learned;

type Verdict =
  | { readonly kind: "verified" }
  /** What is being waited for, in one sentence. */
  | { readonly kind: "notYet"; readonly reason: string }
  /** Why it cannot be, in one sentence: also the text of the event TrafficRoutingError. */
  | { readonly kind: "failed"; readonly reason: string }
  /** Nothing waits for these weights; what is learned of them counts all the same. */
  | { readonly kind: "unneeded" };

/** What comes of looking at the data plane, besides the verdict. */
interface Learned {
  /** What has to be asked as long as the weights are not verified, or nothing is known. */
  readonly asks?: readonly Inquiry[];
  /** Emitted once. */
  readonly events?: readonly RouterEvent[];
  /** For the status. */
  readonly balancers?: readonly AlbStatus[];
}

export interface Router<Kind extends string = string> extends RouterTraits<Kind> {
  /** Flags of the controller. */
  readonly settings: readonly RouterSetting[];
  /** One for each of `resources`. */
  readonly uses: readonly ResourceUse[];
  /** Kinds of which it reads or writes objects. */
  resources(settings: RouterSettings): readonly RoutedResource[];
  /** The objects that it reads or writes for a Rollout, whether they exist or not. */
  reads(rollout: Rollout, settings: RouterSettings): readonly ObjectRef[];
  /** Of which it selects some, by their labels for example; absent: it reads objects by their names alone. */
  readonly lists?: (rollout: Rollout) => readonly ObjectList[];
  /** Further ones of whole kinds, which the objects in `reads` name. */
  readonly readsFurther?: (input: Omit<RoutingInput, "traffic">) => readonly ObjectRef[];
  /** Whether a change of an object in `reads` concerns the Rollout. */
  heeds(object: RoutedObject, settings: RouterSettings): boolean;
  /** Level-triggered: it compares the objects with what is wanted, and remembers nothing of earlier calls. */
  route(input: RoutingInput): RoutingPlan;
  /**
   * Services by which requests come whatever the weights are: they must have ready pods at every moment. Absent: the
   * weights alone say where requests go.
   */
  readonly entrances?: (rollout: Rollout) => readonly string[];
  /**
   * Whether the data plane does what the objects say, called once there is nothing left to write. For routers that can
   * know; the weights of others count as soon as they are written. Undefined: nobody tells in this case.
   */
  readonly verify?: (input: RoutingInput) => Verification | undefined;
  /**
   * Services that route instead, or in addition: they are asked, and answer later (docs/plugins.md#traffic-routers).
   */
  readonly asks?: {
    /** The names of the plugins that a Rollout names. */
    readonly plugins: (rollout: Rollout) => readonly string[];
    readonly questions: (rollout: Rollout, traffic: Traffic) => readonly RouterQuestion[];
  };
  /**
   * The Service whose pods its load balancers must know before pods of earlier versions go, where they send requests to
   * pods directly.
   */
  readonly registers?: (rollout: Rollout) => string;
  /** For routers whose objects outlive the Rollout, or its interest in them. */
  readonly release?: Release;
}

/**
 * Gives up an object that a Rollout no longer routes by: the Rollout is gone, or does not name it any more. All that is
 * known of earlier routing stands on the objects, so that it outlives the process. `holders` and `isLoose` are also asked
 * about objects of which only the metadata have been read.
 */
export interface Release {
  /**
   * The Rollouts that are marked on it as routing by it: the name of one of the object's namespace, "namespace/name" of
   * another one.
   */
  holders(object: RoutedObject): readonly string[];
  /** Made by a controller for a Rollout, but marked with none any more (`kubectl delete rollout --cascade=orphan`). */
  readonly isLoose?: (object: RoutedObject) => boolean;
  /**
   * Leaves no split behind by the Rollouts in `gone`, a part of its holders, and removes their marks. A loose object has
   * no holders: it is released when no Rollout of its namespace routes by it.
   */
  plan(ref: ObjectRef, object: RoutedObject, gone: ReadonlySet<string>): ReleaseWrite | undefined;
}

/** An object of the user's is returned to what it was, one of ours is deleted, both in the version that was read. */
export type ReleaseWrite = Extract<RoutedWrite, { kind: "patch" | "delete" }>;

export type RouterRow<Kind extends string = string> = Router<Kind> | UndrivenRouter<Kind>;
