// What `import Kubernetes` brings besides the provider's methods, one declaration a line.
#if Kubernetes
    @_exported public import enum KubernetesObjects.ImagePullPolicy
    @_exported public import struct KubernetesObjects.KubernetesProvider
    @_exported public import struct KubernetesObjects.PodToleration
    @_exported public import struct KubernetesObjects.PodVolume
    @_exported public import struct KubernetesObjects.ResourceRange
#endif
