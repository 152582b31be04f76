/**
 * What a canary step is made of, as the reference's Go types declare it (docs/behaviour/hashes-and-names.md#step-hash;
 * printed by reflection at revision 9f8d111d). The order of the members is the order of the step hash's input;
 * goTypes.ts explains the notation.
 */
export const stepTypes = `
CanaryStep setWeight?:*int pause?:*RolloutPause experiment?:*RolloutExperimentStep analysis?:*RolloutAnalysis
  setCanaryScale?:*SetCanaryScale setHeaderRoute?:*SetHeaderRoute setMirrorRoute?:*SetMirrorRoute plugin?:*PluginStep
PluginStep name:string config?:raw
SetMirrorRoute name:string match?:RouteMatch[] percentage?:*int
RouteMatch method?:*StringMatch path?:*StringMatch headers?:StringMatch{}
SetHeaderRoute name?:string match?:HeaderRoutingMatch[]
HeaderRoutingMatch headerName:string headerValue:*StringMatch
StringMatch exact?:string prefix?:string regex?:string
SetCanaryScale weight?:*int replicas?:*int matchTrafficWeight?:bool
RolloutAnalysis templates?:AnalysisTemplateRef[] args?:AnalysisRunArgument[] dryRun?:DryRun[]
  measurementRetention?:MeasurementRetention[] analysisRunMetadata?:*AnalysisRunMetadata
MeasurementRetention metricName:string limit:int
AnalysisTemplateRef templateName:string clusterScope?:*bool
RolloutExperimentStep templates:RolloutExperimentTemplate[] duration?:string
  analyses?:RolloutExperimentStepAnalysisTemplateRef[] dryRun?:DryRun[] analysisRunMetadata?:AnalysisRunMetadata
  scaleDownDelaySeconds?:*int
AnalysisRunMetadata labels?:string{} annotations?:string{}
DryRun metricName:string
RolloutExperimentStepAnalysisTemplateRef name:string templateName:string clusterScope?:*bool
  args?:AnalysisRunArgument[] requiredForCompletion?:bool
AnalysisRunArgument name:string value?:string valueFrom?:*ArgumentValueFrom
ArgumentValueFrom podTemplateHashValue?:*string fieldRef?:*FieldRef
FieldRef fieldPath:string
RolloutExperimentTemplate name:string specRef:string replicas?:*int metadata?:PodTemplateMetadata
  selector?:*LabelSelector weight?:*int service?:*TemplateService
TemplateService name?:string
PodTemplateMetadata labels?:string{} annotations?:string{}
RolloutPause duration?:*intOrString
LabelSelector matchLabels?:string{} matchExpressions?:LabelSelectorRequirement[]
LabelSelectorRequirement key:string operator:string values?:string[]
`;
