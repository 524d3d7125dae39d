"""Data sets that come with scikit-learn: digits, breast_cancer and diabetes. No official test sets.

digits: handwritten digits, 8x8 grey; 1,797 images, classes 0 to 9. The pixels
count 0 to 16 in the source and are scaled to 0 to 255. Source: E. Alpaydin,
C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine
Learning Repository (its test part). Licence: CC BY 4.0.

breast_cancer: 30 measurements of cell nuclei; 569 examples, 0 malignant (212)
and 1 benign (357). Source: W. Wolberg, O. Mangasarian, N. Street, W. Street
(1995), Breast Cancer Wisconsin (Diagnostic), UCI Machine Learning Repository.
Licence: CC BY 4.0.

diabetes: age, sex, body mass index, blood pressure and six blood serum values;
442 patients; the target is a measure of the disease a year later, 25 to 346.
Source: B. Efron, T. Hastie, I. Johnstone, R. Tibshirani (2004), Least Angle
Regression, Annals of Statistics 32(2). No licence is stated.

scikit-learn is imported only when its version is not yet in the cache.
"""

from importlib.metadata import PackageNotFoundError, version

import numpy as np

from experiments.datasets.base import Card, MissingData, Source, Whole

CARDS = {
    "digits": Card(
        name="digits",
        title="Digits 8x8",
        task="classes",
        outputs=10,
        noun="images",
        input_shape=(8, 8, 1),
        train=1797,
    ),
    "breast_cancer": Card(
        name="breast_cancer",
        title="Breast cancer",
        task="binary",
        outputs=1,
        noun="examples",
        input_shape=(30,),
        train=569,
    ),
    "diabetes": Card(
        name="diabetes",
        title="Diabetes",
        task="regression",
        outputs=1,
        noun="examples",
        input_shape=(10,),
        train=442,
    ),
}


def source(name: str) -> Source:
    """The source of one of these sets. Raises ``MissingData`` where scikit-learn is not installed."""
    try:
        installed = version("scikit-learn")
    except PackageNotFoundError:
        raise MissingData(
            f"{name} comes with scikit-learn, which is not installed. Install the extra: gradlab[experiments]."
        ) from None
    return Source(
        name=name,
        place=f"scikit-learn {installed} load_{name}",
        lineage=f"scikit-learn load_{name}",
        identity=lambda: installed,
        read=lambda: read(name),
    )


def read(name: str) -> Whole:
    from sklearn import datasets

    if name == "digits":
        x, y = datasets.load_digits(return_X_y=True)
        pixels = np.floor(x * 255 / 16 + 0.5).astype(np.uint8)
        return Whole(pixels.reshape(-1, 8, 8, 1), y.astype(np.int32))
    if name == "breast_cancer":
        x, y = datasets.load_breast_cancer(return_X_y=True)
        return Whole(x.astype(np.float64), y.astype(np.int32))
    x, y = datasets.load_diabetes(return_X_y=True, scaled=False)
    return Whole(x.astype(np.float64), y.astype(np.float64))
