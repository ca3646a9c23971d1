/** `.proto` files that say all that a registry's may say; `imported` stand beside `main.proto`. */
export interface ProtoFile {
  readonly name: string
  readonly text: string
  readonly imported?: Readonly<Record<string, string>>
}

export const protoFiles: readonly ProtoFile[] = [
  {
    name: 'proto3, with all that a file may hold',
    text: `
      // A comment, and /* not another */
      syntax = "proto3";
      package shop.v1;
      import "common/money.proto";
      import "google/protobuf/timestamp.proto";
      import public "google/protobuf/struct.proto";
      option java_package = "com.shop";
      option java_multiple_files = true;
      option optimize_for = SPEED;
      /* an order */
      message Order {
        reserved 5, 9 to 11, 1000 to max;
        reserved "old", 'older';
        string id = 1;
        optional int32 count = 2 [deprecated = true];
        repeated Line lines = 3 [json_name = "LINES"];
        map<string, common.Money> totals = 4;
        oneof payment { string card = 6; Cash cash = 7; shop.common.Money money = 8; }
        google.protobuf.Timestamp at = 12;
        repeated int32 unpacked = 13 [packed = false];
        message Line { string sku = 1; sint64 qty = 2; Inner inner = 3;
          message Inner { bytes b = 1; Status s = 2; } }
        enum Status { option allow_alias = true; NEW = 0; OLD = 1; AGED = 1; reserved 7 to 9; }
        Status status = 14;
        message Cash { double amount = 1; };
        optional Line one = 15;
        string snake_case_2name = 16; string _odd__name_ = 17; int32 hex = 0x12;
        map<int32, Status> by_number = 19;
      }
      message Other { Order.Line.Inner inner = 1; .shop.v1.Order o = 2; option deprecated = true; }
      service S { rpc Get(Order) returns (stream Other); rpc Put(stream Other) returns (Order) { option deprecated = true; } }
    `,
    imported: {
      'common/money.proto': `syntax = "proto3"; package shop.common;
        message Money { string currency = 1; int64 units = 2; enum Kind { UNKNOWN = 0; NET = 1; } Kind kind = 3; }`,
    },
  },
  {
    name: 'proto2, with groups, defaults and extensions',
    text: `
      syntax = "proto2";
      package old;
      message M {
        required string a = 1;
        optional int32 b = 2 [default = -5];
        optional string c = 3 [default = "x\\ny\\x41\\101" 'z"'];
        repeated int32 d = 4 [packed=true];
        optional group G = 5 { optional int32 z = 1; }
        extensions 100 to 199, 500 to max;
        optional E e = 6 [default = B];
        enum E { A = 1; B = -2; reserved -10 to -5, 40 to max; reserved "GONE"; }
        optional double f = 7 [default = inf];
        optional bytes h = 8 [default = "\\001\\377\\"q'"];
        optional float i = 9 [default = 1.5e3];
        optional double j = 10 [default = -.25];
        optional uint64 k = 11 [default = 0xFFFFFFFFFFFFFFFF];
        optional int64 l = 12 [default = -0777];
        optional bool m = 13 [default = true];
        optional double n = 14 [default = -nan];
        oneof pick { int32 o1 = 15; group Q = 16 { optional string r = 1; } }
        extend M { optional int32 inner = 101; }
      }
      extend M { optional int32 ext = 100; repeated group R = 102 { optional bool s = 1; } }
    `,
  },
  {
    name: 'proto2 by default, without a package',
    text: 'message Plain { optional string a = 1; message B {} repeated B b = 2; }',
  },
  {
    name: 'edition 2023, with features',
    text: `
      edition = "2023";
      package ed;
      option features.field_presence = IMPLICIT;
      message Order {
        string id = 1 [features.field_presence = EXPLICIT];
        repeated int32 n = 2 [features.repeated_field_encoding = EXPANDED];
        Line line = 3 [features.message_encoding = DELIMITED];
        message Line { string sku = 1; }
        reserved gone, away;
        enum Kind { option features.enum_type = CLOSED; A = 0; B = 1; }
        Kind kind = 4 [features.field_presence = EXPLICIT];
      }
    `,
  },
  {
    name: 'options of its own',
    text: `
      syntax = "proto3";
      import "google/protobuf/descriptor.proto";
      message Rule { string expr = 1; repeated Rule more = 2; }
      extend google.protobuf.FieldOptions { optional Rule rule = 50000; optional string tag = 50001; }
      message A {
        string a = 1 [deprecated = true];
        optional int32 optional = 2;
        string message = 3; string package = 4; string syntax = 5; string import = 6;
      }
    `,
  },
]
