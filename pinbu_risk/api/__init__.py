from . import schemas, shapes
