import Apus

// `swift build --traits Kubernetes` builds this program with pods as a place for its workers.
#if Kubernetes
    import Kubernetes

    /// What a file of settings may name beside the library's own providers.
    let otherProviders: [any DescribedProvider.Type] = [KubernetesProvider.self]
#else
    /// What a file of settings may name beside the library's own providers: nothing.
    let otherProviders: [any DescribedProvider.Type] = []
#endif
