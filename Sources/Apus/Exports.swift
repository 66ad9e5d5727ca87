// The face of the library: what `import Apus` brings, one declaration a line.

@_exported public import struct DataFlow.App
@_exported public import protocol DataFlow.AppArgument
@_exported public import class DataFlow.AppFuture
@_exported public import struct DataFlow.AppOptions
@_exported public import protocol DataFlow.AppValue
@_exported public import struct DataFlow.ArgumentError
@_exported public import typealias DataFlow.CodableError
@_exported public import struct DataFlow.DependencyError
@_exported public import struct DataFlow.Nothing
@_exported public import protocol DataFlow.RegisteredApp
@_exported public import struct DataFlow.RoleError
@_exported public import struct DataFlow.WorkflowError
@_exported public import func DataFlow.app
@_exported public import struct HighThroughput.HighThroughputConfiguration
@_exported public import enum Launch.Workflow
@_exported public import struct Launch.WorkflowConfiguration
@_exported public import protocol Launch.WorkflowProgram
@_exported public import enum WorkflowCore.ApusVersion
@_exported public import struct WorkflowCore.ExecutionError
@_exported public import struct WorkflowCore.RemoteError
@_exported public import struct WorkflowCore.TaskID
