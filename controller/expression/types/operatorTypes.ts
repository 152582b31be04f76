/** What operators take and give, as far as types show before anything is evaluated. */
import type { BinaryOperator, UnaryOperator } from "../syntax/node.ts";
import {
  BOOL,
  DURATION,
  elementOf,
  FLOAT,
  INT,
  isAssignable,
  isBool,
  isComparable,
  isDuration,
  isFloat,
  isInteger,
  isMap,
  isNilType,
  isNumber,
  isSlice,
  isText,
  isTime,
  isUnknown,
  listOf,
  mayFit,
  NIL,
  STRING,
  TIME,
  type Type,
  UNKNOWN,
} from "./types.ts";

/** The type of the result; undefined where the operator does not take these. */
type Rule = (left: Type, right: Type) => Type | undefined;

export function unaryType(operator: UnaryOperator, type: Type): Type | undefined {
  if (operator === "not") return isBool(type) || isUnknown(type) ? BOOL : undefined;
  if (isNumber(type)) return type;
  return isUnknown(type) ? UNKNOWN : undefined;
}

const both = (left: Type, right: Type, test: (type: Type) => boolean): boolean => test(left) && test(right);

const promoted = (left: Type, right: Type): Type => (isFloat(left) || isFloat(right) ? FLOAT : INT);

const equality: Rule = (left, right) => (isComparable(left, right) ? BOOL : undefined);

const logic: Rule = (left, right) => (both(left, right, isBool) || mayFit(left, right, isBool) ? BOOL : undefined);

const ORDERED = [isNumber, isText, isTime, isDuration];

const order: Rule = (left, right) =>
  ORDERED.some((test) => both(left, right, test)) || mayFit(left, right, ...ORDERED) ? BOOL : undefined;

const add: Rule = (left, right) => {
  if (both(left, right, isNumber)) return promoted(left, right);
  if (both(left, right, isText)) return STRING;
  if ((isTime(left) && isDuration(right)) || (isDuration(left) && isTime(right))) return TIME;
  if (both(left, right, isDuration)) return DURATION;
  return mayFit(left, right, ...ORDERED) ? UNKNOWN : undefined;
};

const subtract: Rule = (left, right) => {
  if (both(left, right, isNumber)) return promoted(left, right);
  if (both(left, right, isTime)) return DURATION;
  if (isTime(left) && isDuration(right)) return TIME;
  if (both(left, right, isDuration)) return DURATION;
  return mayFit(left, right, isNumber, isTime, isDuration) ? UNKNOWN : undefined;
};

const multiply: Rule = (left, right) => {
  if (both(left, right, isNumber)) return promoted(left, right);
  const scales = (type: Type): boolean => isNumber(type) || isDuration(type);
  if (both(left, right, scales)) return DURATION;
  return mayFit(left, right, isNumber, isDuration) ? UNKNOWN : undefined;
};

const real: Rule = (left, right) => (both(left, right, isNumber) || mayFit(left, right, isNumber) ? FLOAT : undefined);

const whole: Rule = (left, right) => (both(left, right, isInteger) || mayFit(left, right, isInteger) ? INT : undefined);

const within: Rule = (left, right) => {
  if ((isText(left) || isUnknown(left)) && right.kind === "struct") return BOOL;
  if (isMap(right)) return isUnknown(left) || isAssignable(left, right.key ?? UNKNOWN) ? BOOL : undefined;
  if (isSlice(right)) return isComparable(left, elementOf(right)) ? BOOL : undefined;
  return isUnknown(right) || (isUnknown(left) && isText(right)) ? BOOL : undefined;
};

const texts: Rule = (left, right) => (both(left, right, isText) || mayFit(left, right, isText) ? BOOL : undefined);

const coalesce: Rule = (left, right) => {
  if (isNilType(left)) return isNilType(right) ? NIL : right;
  return isNilType(right) || isAssignable(right, left) ? left : UNKNOWN;
};

const RULES: { readonly [O in BinaryOperator]: Rule } = {
  "==": equality,
  "!=": equality,
  "||": logic,
  "&&": logic,
  "<": order,
  ">": order,
  ">=": order,
  "<=": order,
  "+": add,
  "-": subtract,
  "*": multiply,
  "/": real,
  "**": real,
  "%": whole,
  in: within,
  matches: (left, right) => (left.name === "[]uint8" && isText(right) ? BOOL : texts(left, right)),
  contains: texts,
  startsWith: texts,
  endsWith: texts,
  "..": (left, right) => (whole(left, right) === undefined ? undefined : listOf(INT)),
  "??": coalesce,
};

export const binaryType = (operator: BinaryOperator, left: Type, right: Type): Type | undefined =>
  RULES[operator](left, right);
