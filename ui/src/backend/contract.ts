// Holds types.ts (what the features read) against bindings.ts (what Rust says). Nothing here runs: where
// the two differ, `npm run check` fails on the line of that type.
import type * as B from "./bindings";
import type * as T from "./types";

type Fits<Given extends Wanted, Wanted> = Given;

export type Contract = [
  Fits<B.AppInfo_Serialize, T.AppInfo>,
  Fits<B.IpcError_Serialize, T.IpcError>,
  Fits<B.Settings, T.Settings>,
  Fits<B.Provider_Serialize, T.Provider>,
  Fits<B.Profile_Serialize, T.Profile>,
  Fits<B.ProfileTest_Serialize, T.ProfileTest>,
  Fits<B.SignInStatus_Serialize, T.SignInStatus>,
  Fits<B.DeviceFlow_Serialize, T.DeviceFlow>,
  Fits<B.DeviceEnd_Serialize, T.DeviceEnd>,
  Fits<B.SsoAccount, T.SsoAccount>,
  Fits<B.AwsFiles_Serialize, T.AwsFiles>,
  Fits<B.OpenPrompt, T.OpenPrompt>,
  Fits<B.DoctorEvent_Serialize, T.DoctorEvent>,
  Fits<T.Fix, B.Fix>,
  Fits<B.ImportPreview_Serialize, T.ImportPreview>,
  Fits<B.ImportTaken_Serialize, T.ImportTaken>,
  Fits<B.Bucket_Serialize, T.Bucket>,
  Fits<B.BucketAccess_Serialize, Omit<T.BucketAccess, "aclOff" | "policyOff">>,
  Fits<B.PublicPreview_Serialize, T.PublicPreview>,
  Fits<B.PolicyCheck_Serialize, T.PolicyCheck>,
  Fits<B.ListingEvent_Serialize, T.ListingEvent>,
  Fits<B.RowWindow_Serialize, T.RowWindow>,
  Fits<B.RowAccess, T.RowAccess>,
  Fits<B.Selection_Serialize, T.Selection>,
  Fits<B.Frozen, T.Frozen>,
  Fits<B.ObjectInfo_Serialize, Omit<T.ObjectInfo, "aclOff">>,
  Fits<B.DropEvent, T.DropEvent>,
  Fits<B.Replaces, T.Replaces>,
  Fits<B.TransferUpdate_Serialize, T.TransferUpdate>,
  Fits<B.TransferItems_Serialize, T.TransferItems>,
  Fits<B.Speed_Serialize, T.Speed>,
  Fits<T.Speed, B.Speed_Deserialize>,
  Fits<T.DownloadRequest, B.DownloadRequest>,
  Fits<T.ProfileDraft, B.ProfileDraft_Deserialize>,
  Fits<T.SsoWay, B.SsoWay_Deserialize>,
  Fits<T.ImportRequest, B.ImportRequest_Deserialize>,
  Fits<T.UploadRequest, B.UploadRequest_Deserialize>,
  Fits<T.PublicChange, B.PublicChange>,
  Fits<T.SelectOp, B.SelectOp>,
  Fits<T.ViewRequest, B.ViewRequest>,
];
